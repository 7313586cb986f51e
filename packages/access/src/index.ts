export { type ApiKey, type ApiKeyRepository, apiKeyRoles, createApiKeyRepository } from './api-key.repository.ts';
export { apiKeyPrefix } from './api-key-text.ts';
export { auditHash } from './audit/audit-chain.ts';
export { type AuditEventDocument, toEvent } from './audit/audit-document.ts';
export { createAuditEventRepository } from './audit/audit-event.repository.ts';
export {
  type AuditActor,
  type AuditOutcome,
  anyPatient,
  auditOutcomes,
  type ChainedAuditEvent,
  type NewAuditEvent,
} from './audit/audit-event.ts';
export { type AuditFilter, idAt, toAuditQuery } from './audit/audit-query.ts';
export { createAuditStream } from './audit/audit-stream.ts';
export { chainFaults } from './audit/check-chain.ts';
export { patientsShown } from './audit/patients-shown.ts';
export { newId } from './new-id.ts';
export { hashOf, newSecret } from './one-time-secret.ts';
export { createSessionRepository } from './session.repository.ts';
export type { AccessStore } from './store.ts';
