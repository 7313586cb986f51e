import { parseExact } from '@bulkhead/fhir';
import { findSuperlinear, type Reader } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { BsonLines, BufferPool } from './bson-lines.ts';
import { decodeExactNumbers, encodeExactNumbers } from './exact-number-codec.ts';
import { JsonWriter } from './json-writer.ts';

const { BSON } = mongoose.mongo;
const wrap = (value: string) => `{"a":${value}}`;
const listElements = ['{"value":1.50}', '12345678901234567890'];

const readers: readonly Reader[] = [
  {
    name: 'JSON that becomes BSON',
    parse: (text) => new BsonLines(new BufferPool()).add(Buffer.from(text)),
    wrap,
    listElements,
  },
  {
    name: 'a resource with numbers',
    parse: (text) => {
      const { value, numberTexts } = encodeExactNumbers(parseExact(text));
      return decodeExactNumbers(value, numberTexts);
    },
    wrap,
    listElements,
  },
  {
    name: 'BSON that becomes JSON',
    parse: (text) => {
      const bson = BSON.serialize(encodeExactNumbers(parseExact(text)).value as object);
      new JsonWriter(1024).writeDocument(Buffer.from(bson), 0);
    },
    wrap,
    listElements,
  },
];

test.each(readers)('$name is read in time that grows no faster than its size', async (reader) => {
  expect(await findSuperlinear(reader)).toEqual([]);
});
