export { connectionSettingsFor } from './connection/connection-settings.ts';
export { createIndexes, indexBuild } from './connection/create-indexes.ts';
export type { Named } from './connection/database.ts';
export { type AnyCollection, Database } from './connection/database.ts';
export { maxWriteMs, openRawWrites, type RawWrites, type WriteDocument } from './connection/raw-writes.ts';
export { duplicateInserts, isDocumentRefused, isDuplicateKey, isStoreUnavailable } from './connection/store-errors.ts';
export { untilStored } from './connection/until-stored.ts';
export { type CommandObserver, watchCommands } from './connection/watch-commands.ts';
export type { Admission, KeptOutList, StoreContext, WriteGate } from './connection/write-gate.ts';
export { type ConnectionPass, deleteInBatches, ownedRecords } from './deletion/delete-in-batches.ts';
export { createKeptOutTexts, erasedText, forgetTexts } from './deletion/forget-texts.ts';
export {
  endOf,
  listRetentionStates,
  RetentionPass,
  type RetentionState,
  type RetentionStep,
  restartRetention,
} from './deletion/retention-pass.ts';
export { createEncryptedField, type EncryptedField } from './encryption/encrypted-field.ts';
export {
  EncryptedFiles,
  type EncryptedFileWriter,
  idsBelow,
} from './encryption/encrypted-files.ts';
export {
  EncryptionKeyRepository,
  type Rotation,
  rotateEncryptionKey,
} from './encryption/encryption-key.repository.ts';
export { defineFeature, type RepositoriesOf } from './feature/define-feature.ts';
export {
  type ActiveWork,
  countsNothing,
  encryptsNothing,
  type FeatureData,
  type FeatureWork,
  hasNoActiveWork,
  keepsAsProof,
  keepsNoPatient,
  leavesNothingAtEhr,
  type PatientOfConnection,
  type PatientPass,
  retainsNothing,
  startsNothing,
  withholdsNoLines,
  worksOnNoPatient,
} from './feature/feature-data.ts';
export { batchedFind, batchedInsert } from './queries/batched.ts';
export { FileNovelty } from './queries/file-novelty.ts';
export { pagesOf, toBatches } from './queries/in-batches.ts';
export {
  maxTotal,
  type Page,
  type PageQuery,
  pageOf,
  pageQuery,
  readPage,
  shortListQuery,
  totalQuery,
  trueOrFalse,
} from './queries/paging.ts';
export {
  collectionOf,
  countIn,
  findIds,
  recordOf,
  removeOthers,
  wholeBatch,
  withId,
  writeUnordered,
} from './queries/queries.ts';
export {
  type ConnectionScope,
  inScope,
  isInScope,
  type ProviderReference,
  type ScopedReference,
} from './queries/scopes.ts';
export { SharedReads } from './queries/shared-reads.ts';
export { countSchema, sumsOf, withheldCountSchema, zerosOf } from './records/counts.ts';
export {
  amountsOf,
  type DataAmounts,
  dataAmountsSchema,
  noAmounts,
  sumAmounts,
  sumBytes,
} from './records/data-amounts.ts';
export {
  ehrTextSchema,
  failureSchema,
  forReader,
  type Reader,
  type Warning,
  warningSchema,
} from './records/failure.record.ts';
export { mongooseSchemaOf, recordSchemas, type Stored } from './records/mongoose-fields-of.ts';
export { mayNamePatient, patientMarkOf, quotesEhr } from './records/patient-texts.ts';
export { instantSchema, type View, viewOf, viewShapeOf } from './records/record-view.ts';
export { type Claim, createClaims, whileHeld } from './rights/claims.ts';
export { createLeases, type Leases, whileLeased } from './rights/leases.ts';
export { UniqueKeys } from './rights/unique-keys.ts';
