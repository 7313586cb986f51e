export { type AuditOptions, type AuditStore, auditFeature } from './audit.feature.ts';
export { auditHash, canonicalJson } from './audit-chain.ts';
export {
  type AuditEventDocument,
  type AuditFilter,
  anyPatient,
  patientsRequested,
  patientsShown,
  toAuditQuery,
  toEvent,
} from './audit-document.ts';
export {
  type AuditActor,
  type AuditOutcome,
  auditActorSchema,
  auditHashSchema,
  type ChainedAuditEvent,
  type NewAuditEvent,
} from './audit-event.record.ts';
export { type ChainPosition, chainFaults } from './check-chain.ts';
export { auditEnvShape } from './env.ts';
export { auditError } from './errors.ts';
export { createAuditStream } from './stream/audit-stream.ts';
