import type { createAnsweredRequestRepository } from './answered-request.repository.ts';
import type { createApiKeyRepository } from './api-key.repository.ts';
import type { createAuditEventRepository } from './audit/audit-event.repository.ts';
import type { createSessionRepository } from './session.repository.ts';

export { createAnsweredRequestRepository } from './answered-request.repository.ts';
export { type ApiKey, apiKeyRoles } from './api-key.record.ts';
export { type ApiKeyRepository, createApiKeyRepository } from './api-key.repository.ts';
export type { AuditAction } from './audit/audit-actions.ts';
export { auditHash, canonicalJson } from './audit/audit-chain.ts';
export {
  type AuditEventDocument,
  type AuditFilter,
  anyPatient,
  idAt,
  patientsShown,
  toAuditQuery,
  toEvent,
} from './audit/audit-document.ts';
export {
  type AuditActor,
  type AuditOutcome,
  auditActorSchema,
  auditHashSchema,
  type ChainedAuditEvent,
  type NewAuditEvent,
} from './audit/audit-event.record.ts';
export { createAuditEventRepository } from './audit/audit-event.repository.ts';
export { createAuditStream } from './audit/audit-stream.ts';
export { type ChainPosition, chainFaults } from './audit/check-chain.ts';
export { apiKeyPrefix, hashOf, newId, newSecret } from './ids-and-secrets.ts';
export { createSessionRepository } from './session.repository.ts';

/** The repositories that this feature uses. Of repositories of other features it lists only the methods that it calls. */
export interface AccessStore {
  readonly answeredRequests: ReturnType<typeof createAnsweredRequestRepository>;
  readonly apiKeys: ReturnType<typeof createApiKeyRepository>;
  readonly auditEvents: ReturnType<typeof createAuditEventRepository>;
  readonly sessions: ReturnType<typeof createSessionRepository>;
  readonly connections: { readonly find: (id: string) => Promise<object | undefined> };
}
export { accessError } from './errors.ts';
