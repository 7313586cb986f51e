import { ExactNumber, parseExact } from '@bulkhead/fhir';
import { publishedLines } from '@bulkhead/testing';
import { testWithLines } from '@bulkhead/testing/test-with-lines';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import mongoose from 'mongoose';
import { encodeExactNumbers } from './exact-number-codec.ts';
import { findFields, JsonWriter } from './json-writer.ts';

const { BSON, Decimal128 } = mongoose.mongo;

/** @returns the text, or false if the document is refused */
function write(fields: object, sizeBytes = 8): string | false {
  const writer = new JsonWriter(sizeBytes);
  // Starts at 5, because a stored resource is a part of its document.
  const bson = Buffer.concat([Buffer.alloc(5), BSON.serialize(fields)]);
  return writer.writeDocument(bson, 5) && writer.take().toString();
}

const writeLine = (line: string) => write(encodeExactNumbers(parseExact(line)).value as object);

describe('JsonWriter', () => {
  test.each([
    '{}',
    '{"a":[],"b":{},"c":[{},[[]]],"d":null,"e":true,"f":false}',
    String.raw`{"a\"\\é":"\"\\/\b\f\n\r\t\u0000\u001f é€😀"}`,
    '{"a":[0,-1,2147483647,-2147483648,2147483648,1.5,-0.001,123456789012345]}',
    '{"a":[1.50,0.0,-0,-0.0,-12.30,0.000001,0.0000010,12345678901234567890,1234567890123456.70]}',
  ])('writes the JSON %s', (line) => {
    expect(writeLine(line)).toBe(JSON.stringify(parseExact(line)));
  });

  test('writes every Decimal128 with the text of the driver', () => {
    const decimal = fc.oneof(
      fc.stringMatching(/^-?(0|[1-9]\d{0,33})(\.\d{1,20})?$/).filter((text) => text.replace(/\D/g, '').length <= 34),
      fc.stringMatching(/^-?[1-9]\d{0,15}E[+-]?\d{1,3}$/),
      fc.constantFrom('NaN', 'Infinity', '-Infinity', '9007199254740993', '4503599627370496', '0E-6176', '1E+6111'),
    );
    fc.assert(
      fc.property(decimal, (text) => {
        const value = Decimal128.fromString(text);
        expect(write({ value })).toBe(`{"value":${value.toString()}}`);
      }),
      { numRuns: 3000 },
    );
  });

  test('writes any JSON like JSON.stringify', () => {
    const key = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0') && text !== '__proto__');
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.oneof(fc.string({ unit: 'grapheme' }), fc.double(), fc.integer(), fc.boolean(), fc.constant(null)),
        fc.array(tie('value')),
        fc.dictionary(key, tie('value')),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(key, value), (fields) => {
        const plain = { ...fields };
        expect(write(plain)).toBe(JSON.stringify(plain));
      }),
    );
  });

  testWithLines({
    title: 'writes every published resource as it was published',
    lines: Object.values(publishedLines()).flat(),
    run(lines) {
      for (const line of lines) {
        const published = parseExact(line);
        const { value, numberTexts } = encodeExactNumbers(published);
        if (numberTexts.length === 0) expect(write(value as object)).toBe(JSON.stringify(published));
      }
    },
  });

  test.each([{ at: new Date(0) }, { a: [Buffer.from('x')] }, { a: { b: BSON.Long.fromNumber(1) } }])(
    'refuses a document with a type that JSON does not have, and writes nothing of it: case %#',
    (fields) => {
      const writer = new JsonWriter(100);
      writer.append(Buffer.from('before'));
      expect(writer.writeDocument(Buffer.from(BSON.serialize({ x: 'y', ...fields })), 0)).toBe(false);
      expect(writer.take().toString()).toBe('before');
    },
  );

  test('writes long texts with characters of several bytes and with escapes', () => {
    for (const text of ['é€😀"\n', '\u0001', 'x']) {
      const fields = { text: text.repeat(20_000) };
      expect(write(fields)).toBe(JSON.stringify(fields));
    }
  });

  test('writes several documents one after the other', () => {
    const writer = new JsonWriter(8);
    for (const value of [1, 2]) {
      writer.writeDocument(Buffer.from(BSON.serialize({ value })), 0);
      writer.append(Buffer.from('\n'));
    }
    expect(writer.sizeBytes).toBe(24);
    expect(writer.take().toString()).toBe('{"value":1}\n{"value":2}\n');
    expect(writer.take()).toHaveLength(0);
  });

  test('an exact number in an array keeps its text', () => {
    const value = [new ExactNumber('1.50'), new ExactNumber('2.0')];
    expect(write(encodeExactNumbers({ value }).value as object)).toBe('{"value":[1.50,2.0]}');
  });
});

describe('findFields', () => {
  test('returns the positions of the values of texts, documents and arrays', () => {
    const bson = Buffer.from(BSON.serialize({ _id: 'conn/é', resource: { a: 1 }, numberTexts: [{ text: '1e2' }] }));
    const fields = findFields(bson);
    expect([...(fields?.keys() ?? [])]).toEqual(['_id', 'resource', 'numberTexts']);
    const writer = new JsonWriter(100);
    writer.writeDocument(bson, fields?.get('resource') as number);
    expect(writer.take().toString()).toBe('{"a":1}');
  });

  test('returns undefined for a document with a field of another type', () => {
    expect(findFields(Buffer.from(BSON.serialize({ a: 'x', b: 1 })))).toBeUndefined();
  });
});
