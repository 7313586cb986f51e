import { isResourceId } from '@bulkhead/fhir';
import type { AuditNotes } from '../../http/middleware/audit-notes.ts';

/** A patient who is requested is found in the audit log even if no such patient is stored. */
export function auditPatient(audit: AuditNotes, { type, id }: { readonly type: string; readonly id: string }): void {
  if (type === 'Patient' && isResourceId(id)) audit.addPatients([id]);
}
