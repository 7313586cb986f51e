import { type RequestedErasure, toErasureView } from '@bulkhead/erasure/commands';
import type { Reply } from '../../http/define-endpoint.ts';
import type { AuditNotes } from '../../http/middleware/audit-notes.ts';

/** The reply to a request that starts an erasure, or finds it started. */
export function answerErasure(audit: AuditNotes, { erasure, isChanged }: RequestedErasure): Reply<202> {
  audit.addTarget({ erasureId: erasure.id });
  audit.setChanged(isChanged);
  return { status: 202, location: `/api/ehr/erasures/${erasure.id}`, data: toErasureView(erasure) };
}
