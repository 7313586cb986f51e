export { batchedFind, batchedInsert } from './batched.ts';
export { type BsonLine, BsonLines, BufferPool } from './bson/bson-lines.ts';
export { BsonWriter } from './bson/bson-writer.ts';
export { findFields, JsonWriter } from './bson/json-writer.ts';
export { maxWriteMs, openRawWrites, type RawWrites, type WriteDocument } from './bson/raw-writes.ts';
export { hashKey, numbersPerMember } from './bson/transcode-json.ts';
export { type Claim, createClaims, whileHeld } from './claims.ts';
export { createEncryptedField, type EncryptedField } from './encryption/encrypted-field.ts';
export {
  createEncryptedFiles,
  type EncryptedFiles,
  type EncryptedFileWriter,
  idsBelow,
  upgradeEncryptedFiles,
  type WriteGate,
} from './encryption/encrypted-files.ts';
export {
  createEncryptionKeyRepository,
  type Rotation,
  rotateEncryptionKey,
} from './encryption/encryption-key.repository.ts';
export { createEncryptStream } from './encryption/encryption-stream.ts';
export { createSecretBox, type SecretBox } from './encryption/secret-box.ts';
export { decodeExactNumbers, encodeExactNumbers, type NumberText } from './exact-number-codec.ts';
export { FileNovelty } from './file-novelty.ts';
export { createLeases, type Leases, whileLeased } from './leases.ts';
export { findById, findIds, removeOthers, withId } from './queries.ts';
export { countSchema, sumsOf, withheldCountSchema, zerosOf } from './records/counts.ts';
export {
  ehrTextSchema,
  failureSchema,
  forReader,
  type Reader,
  retryingSchema,
  warningSchema,
} from './records/failure.record.ts';
export { mongooseSchemaOf, type Stored } from './records/mongoose-fields-of.ts';
export { instantSchema, toView, type View, type ViewShape, viewOf, viewShapeOf } from './records/record-view.ts';
export { byTime, lastEvents, phaseEvent, runEventShape, waitingEvent } from './records/run-events.ts';
export { createRunQueries, median, untilStored } from './runs.ts';
export { type ConnectionScope, inScope, isInScope } from './scopes.ts';
export { duplicateInserts, isDocumentRefused, isDuplicateKey, isStoreUnavailable } from './store-errors.ts';
export { type CommandObserver, watchCommands } from './watch-commands.ts';
