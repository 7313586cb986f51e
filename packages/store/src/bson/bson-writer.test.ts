import { anyCharacter } from '@bulkhead/testing/any-character';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import mongoose from 'mongoose';
import { BsonWriter } from './bson-writer.ts';

const { BSON, Decimal128, ObjectId } = mongoose.mongo;

function write(fields: object, sizeBytes = 16): string {
  const writer = new BsonWriter(sizeBytes);
  const start = writer.startDocument();
  writer.fields(fields);
  writer.endDocument(start);
  return writer.bytes.toString('hex');
}

const serialize = (fields: object) => Buffer.from(BSON.serialize(fields)).toString('hex');

describe('BsonWriter', () => {
  test.each([
    {},
    { text: '', long: 'x'.repeat(129), other: 'é€😀', lone: '\ud800', nul: 'a\0b' },
    { integers: [0, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31], doubles: [-0, 1.5, Number.NaN, 1e300] },
    { dates: [new Date(0), new Date(-1), new Date('0001-01-01'), new Date('9999-12-31T23:59:59.999Z')] },
    { yes: true, no: false, nothing: null, missing: undefined, list: [null, {}] },
    { decimal: Decimal128.fromString('1.50'), id: new ObjectId('0123456789abcdef01234567'), bytes: Buffer.from('a') },
    { deep: { a: [{ b: { c: ['d'] } }] }, 'é.$': 1 },
    { list: Array.from({ length: 1000 }, (_, index) => index) },
  ])('writes the bytes that the driver writes for case %#', (fields) => {
    expect(write(fields)).toBe(serialize(fields));
  });

  test('writes the bytes that the driver writes for any JSON', () => {
    const key = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0') && text !== '__proto__');
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.oneof(
          fc.string({ unit: anyCharacter }),
          fc.double(),
          fc.integer(),
          fc.boolean(),
          fc.constant(null),
          fc.date(),
        ),
        fc.array(tie('value')),
        fc.dictionary(key, tie('value')),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(key, value), (fields) => {
        const plain = { ...fields };
        expect(write(plain)).toBe(serialize(plain));
      }),
    );
  });

  test('refuses a key that contains NUL, like the driver', () => {
    const fields = { deep: { 'a\0b': 1 } };
    expect(() => write(fields)).toThrow(BSON.BSONError);
    expect(() => serialize(fields)).toThrow(BSON.BSONError);
  });

  test('writes several documents one after the other, and embeds one that is BSON already', () => {
    const writer = new BsonWriter(8);
    for (const name of ['a', 'b']) {
      const start = writer.startDocument();
      writer.startField(name);
      writer.append(BSON.serialize({ x: 1 }));
      writer.endDocument(start);
    }
    expect(writer.bytes.toString('hex')).toBe(serialize({ a: { x: 1 } }) + serialize({ b: { x: 1 } }));
    expect(writer.sizeBytes).toBe(writer.bytes.length);
    writer.clear();
    expect(writer.bytes).toHaveLength(0);
  });
});
