export { type BsonLine, BsonLines, BufferPool } from './bson-lines.ts';
export { BsonWriter } from './bson-writer.ts';
export { decodeExactNumbers, encodeExactNumbers, type NumberText } from './exact-number-codec.ts';
export { findFields, JsonWriter } from './json-writer.ts';
export { hashKey, numbersPerMember } from './transcode-json.ts';
