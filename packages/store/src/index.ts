export { type ApiKey, type ApiKeyRole, apiKeyRoles } from './api-key.repository.ts';
export { apiKeyPrefix } from './api-key-text.ts';
export { type ChainFault, type ChainPosition, type ChainReport, chainFaults } from './audit/check-chain.ts';
export { createStore, type Store, type StoreOptions } from './create-store.ts';
export type { DocumentClaim, DocumentFilter } from './document.repository.ts';
export type { DocumentContent } from './document-content.repository.ts';
export type { SourcedVersion } from './earlier-versions.ts';
export type { FileClaim } from './output-file.repository.ts';
export {
  maxKeptLineBytes,
  type QuarantinedLine,
  type QuarantineEntry,
  type QuarantineFilter,
  searchFileId,
} from './quarantine.repository.ts';
export type { WriteOutcome } from './resource.writer.ts';
export {
  fitsInDocument,
  type ResourceDocument,
  type ResourceSource,
  toResourceDocument,
  toTombstone,
} from './resource-document.ts';
export { type RetainedKind, type Retention, retainedKinds } from './retention/create-retention.ts';
export type { RetentionState } from './retention/retention-pass.ts';
export type { RotationReport } from './rotate-encryption-key.ts';
export type { SealedFileWriter } from './sealed-files.ts';
export type { SigningKeyRecord } from './signing-key.repository.ts';
export { isDocumentRefused, isStoreUnavailable } from './store-errors.ts';
export type { StepClaim } from './sync-step.repository.ts';
