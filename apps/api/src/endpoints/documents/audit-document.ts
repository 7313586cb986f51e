import { anyPatient } from '@bulkhead/access';
import type { PatientDocument } from '@bulkhead/documents';
import type { AuditNotes } from '../../http/middleware/audit-notes.ts';

/** A document whose resource names no patient can be of any patient. */
export function patientOf({ patientId = anyPatient }: PatientDocument): string {
  return patientId;
}

export function auditDocument(audit: AuditNotes, document: PatientDocument): void {
  audit.addTarget({ connectionId: document.connectionId });
  audit.addPatients([patientOf(document)]);
}
