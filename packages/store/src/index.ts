export { batchedFind, batchedInsert } from './batched.ts';
export { type BsonLine, BsonLines, BufferPool } from './bson/bson-lines.ts';
export { BsonWriter } from './bson/bson-writer.ts';
export { findFields, JsonWriter } from './bson/json-writer.ts';
export { maxWriteMs, openRawWrites, type RawWrites, type WriteDocument } from './bson/raw-writes.ts';
export { hashKey, numbersPerMember } from './bson/transcode-json.ts';
export { type Claim, createClaims, whileHeld } from './claims.ts';
export { connectionSettings } from './connection-settings.ts';
export { createIndexes } from './create-indexes.ts';
export { deleteInBatches, ownedRecords, pagesOf, toBatches } from './delete-in-batches.ts';
export { createEncryptedField, type EncryptedField } from './encryption/encrypted-field.ts';
export {
  EncryptedFiles,
  type EncryptedFileWriter,
  idsBelow,
  upgradeEncryptedFiles,
} from './encryption/encrypted-files.ts';
export {
  EncryptionKeyRepository,
  type Rotation,
  rotateEncryptionKey,
} from './encryption/encryption-key.repository.ts';
export { createEncryptStream } from './encryption/encryption-stream.ts';
export { createSecretBox, type SecretBox } from './encryption/secret-box.ts';
export { decodeExactNumbers, encodeExactNumbers, type NumberText } from './exact-number-codec.ts';
export {
  type ActiveWork,
  type ConnectionPass,
  type FeatureData,
  type FeatureWork,
  noData,
  noWork,
  type PatientOfConnection,
  type PatientPass,
} from './feature-data.ts';
export { FileNovelty } from './file-novelty.ts';
export { forgetTexts } from './forget-texts.ts';
export { createLeases, type Leases, whileLeased } from './leases.ts';
export type { Named } from './named.ts';
export { countIn, findIds, removeOthers, withId, writeUnordered } from './queries.ts';
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
export { instantSchema, toView, type View, type ViewShape, viewOf, viewShapeOf } from './records/record-view.ts';
export {
  endOf,
  listRetentionStates,
  RetentionPass,
  type RetentionState,
  type RetentionStep,
} from './retention-pass.ts';
export { type ConnectionScope, inScope, isInScope } from './scopes.ts';
export { duplicateInserts, isDocumentRefused, isDuplicateKey, isStoreUnavailable } from './store-errors.ts';
export { untilStored } from './until-stored.ts';
export { type CommandObserver, watchCommands } from './watch-commands.ts';
export { withMethods } from './with-methods.ts';
export type { Admission, KeptOutList, StoreContext, WriteGate } from './write-gate.ts';
