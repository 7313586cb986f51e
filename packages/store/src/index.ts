export { batchedFind, batchedInsert } from './batched.ts';
export { type Claim, createClaims, whileHeld } from './claims.ts';
export { connectionSettingsFor } from './connection-settings.ts';
export { createIndexes, indexBuild } from './create-indexes.ts';
export { type AnyCollection, Database } from './database.ts';
export { defineFeature, type RepositoriesOf } from './define-feature.ts';
export { deleteInBatches, ownedRecords, pagesOf, toBatches } from './delete-in-batches.ts';
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
export {
  type ActiveWork,
  type ConnectionPass,
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
} from './feature-data.ts';
export { FileNovelty } from './file-novelty.ts';
export { forgetTexts } from './forget-texts.ts';
export { createLeases, type Leases, whileLeased } from './leases.ts';
export type { Named } from './named.ts';
export {
  maxTotal,
  type Page,
  type PageQuery,
  pageOf,
  pageQuery,
  readPage,
  shortListQuery,
  totalQuery,
} from './paging.ts';
export { countIn, findIds, removeOthers, wholeBatch, withId, writeUnordered } from './queries.ts';
export { maxWriteMs, openRawWrites, type RawWrites, type WriteDocument } from './raw-writes.ts';
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
export { instantSchema, toView, type View, viewOf, viewShapeOf } from './records/record-view.ts';
export {
  endOf,
  listRetentionStates,
  RetentionPass,
  type RetentionState,
  type RetentionStep,
  restartRetention,
} from './retention-pass.ts';
export { type ConnectionScope, inScope, isInScope } from './scopes.ts';
export { duplicateInserts, isDocumentRefused, isDuplicateKey, isStoreUnavailable } from './store-errors.ts';
export { UniqueKeys } from './unique-keys.ts';
export { untilStored } from './until-stored.ts';
export { type CommandObserver, watchCommands } from './watch-commands.ts';
export type { Admission, KeptOutList, StoreContext, WriteGate } from './write-gate.ts';
