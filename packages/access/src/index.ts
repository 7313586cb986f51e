export { type ApiKey, apiKeyRoles } from './api-key.record.ts';
export type { ApiKeyRepository } from './api-key.repository.ts';
export { apiKeyPrefix, isMistyped } from './api-key-text.ts';
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
export { createAuditStream } from './audit/audit-stream.ts';
export { type ChainPosition, chainFaults } from './audit/check-chain.ts';
export { accessError } from './errors.ts';
export { type AccessStore, type AuditOptions, createAccessStore } from './store.ts';
