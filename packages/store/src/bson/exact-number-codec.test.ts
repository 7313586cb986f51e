import { parseExact } from '@bulkhead/fhir';
import { expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { decodeExactNumbers, encodeExactNumbers } from './exact-number-codec.ts';

const { BSON } = mongoose.mongo;

test('numbers that are stored as BSON and read back keep their exact text', () => {
  const json =
    '{"a":1.50,"b":[12345678901234567890,{"c":-0.00}],"d":1e2,"e":0.0000001,"f":2.5,"g":[7,1234567890123456789012345678901234567890]}';
  const { value, numberTexts } = encodeExactNumbers(parseExact(json));
  const stored = BSON.deserialize(BSON.serialize({ value, numberTexts }));
  expect(JSON.stringify(decodeExactNumbers(stored.value, stored.numberTexts))).toBe(json);
});
