import { parseJsonLine } from '@bulkhead/fhir';
import { findSuperlinear, publishedLines } from '@bulkhead/testing';
import { anyCharacter } from '@bulkhead/testing/any-character';
import { testWithLines } from '@bulkhead/testing/test-with-lines';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import mongoose from 'mongoose';
import { encodeExactNumbers } from './exact-number-codec.ts';
import { hashKey, JsonTranscoder, numbersPerMember } from './transcode-json.ts';

const { BSON } = mongoose.mongo;
const transcoder = new JsonTranscoder();

/** @returns undefined if the text is declined */
function transcode(text: string | Buffer): Buffer | undefined {
  const json = Buffer.from(text as string);
  const target = Buffer.alloc(json.length * 8 + 64);
  // Starts at 3 because lines share a buffer.
  const line = transcoder.transcode({ json, target, start: 3 });
  return line && target.subarray(3, line.end);
}

/** What the driver would store for a line. @returns undefined if the line is not an object that can be stored without number texts */
function serialize(text: string | Buffer): Buffer | undefined {
  const bytes = Buffer.from(text as string);
  const at = { line: 2, offset: 0, nextOffset: bytes.length, sizeBytes: bytes.length, isTooLong: false };
  const parsed = parseJsonLine({ bytes, ...at });
  if (parsed.kind !== 'value') return undefined;
  const { value, numberTexts } = encodeExactNumbers(parsed.value);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && numberTexts.length === 0 ? Buffer.from(BSON.serialize(value)) : undefined;
}

/** Accepted texts must be stored exactly as the driver would store them. */
function expectSameOrDeclined(text: string | Buffer): boolean {
  const bson = transcode(text);
  if (!bson) return false;
  const expected = serialize(text);
  // For thousands of lines, `expect` would take more time than all the rest.
  if (!expected?.equals(bson)) expect([text, bson.toString('hex')]).toEqual([text, expected?.toString('hex')]);
  return true;
}

describe('JsonTranscoder', () => {
  test.each([
    '{}',
    ' \t{ "a" : [ ] , "b" : { } }\r',
    '{"a":[1,-1,0,12.5,-0.001,2147483647,2147483648,-2147483648,-2147483649,999999999999999]}',
    '{"a":1.50,"b":0.0,"c":-0,"d":12345678901234567890,"e":100000000000000000000}',
    '{"a":[true,false,null,[[]],{"b":[{}]}],"c":""}',
    String.raw`{"a":"\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00\u0000","b":"é€😀"}`,
    '{"_birthDate":{"extension":[]},"résumé":"ü"}',
    `{"a":[${Array.from({ length: 1234 }, (_, index) => index).join()}]}`,
    `{"a":${'['.repeat(99)}${']'.repeat(99)}}`,
  ])('transcodes %s to the bytes that the driver writes', (text) => {
    expect(transcode(text)?.toString('hex')).toBe(serialize(text)?.toString('hex'));
    expect(serialize(text)).toBeDefined();
  });

  test.each([
    { what: 'no text', text: '' },
    { what: 'an array', text: '[{}]' },
    { what: 'a string', text: '"a"' },
    { what: 'text after the object', text: '{}{}' },
    { what: 'a byte order mark', text: '\ufeff{}' },
    { what: 'an object that is cut off', text: '{"a":[1,{"b":2}' },
    { what: 'a string that is cut off', text: '{"a":"b' },
    { what: 'a key that is cut off', text: '{"a' },
    { what: 'a trailing comma', text: '{"a":1,}' },
    { what: 'a trailing comma in an array', text: '{"a":[1,]}' },
    { what: 'a missing colon', text: '{"a" 1}' },
    { what: 'a key without quotes', text: '{a:1}' },
    { what: 'a word that is not a literal', text: '{"a":nul}' },
    { what: 'a leading zero', text: '{"a":01}' },
    { what: 'a number that ends with a dot', text: '{"a":1.}' },
    { what: 'a plus sign', text: '{"a":+1}' },
    { what: 'a lone minus sign', text: '{"a":-}' },
    { what: 'a raw control character', text: '{"a":"\n"}' },
    { what: 'an unknown escape', text: String.raw`{"a":"\x"}` },
    { what: 'a cut escape', text: String.raw`{"a":"\u12"}` },
    { what: 'control characters as digits of an escape', text: '{"a":"\\u\u0010\u0011\u0012\u0013"}' },
    { what: 'a lone high surrogate', text: String.raw`{"a":"\ud800x"}` },
    { what: 'a lone low surrogate', text: String.raw`{"a":"\udc00"}` },
    { what: 'a high surrogate before another escape', text: String.raw`{"a":"\ud800\u0041"}` },
    { what: 'a duplicate key', text: '{"a":1,"b":2,"a":3}' },
    { what: 'a duplicate key in an object inside', text: '{"x":[{"a":1,"a":3}]}' },
    { what: 'an escaped key', text: String.raw`{"\u0061":1}` },
    { what: 'an empty key', text: '{"":1}' },
    { what: 'a key that JavaScript would sort', text: '{"b":1,"2":1,"1":1}' },
    { what: 'a key with a dollar sign', text: '{"a":{"$ref":1,"$id":2}}' },
    { what: 'the key __proto__', text: '{"__proto__":{"a":1}}' },
    { what: 'the key _bsontype', text: '{"a":{"_bsontype":"ObjectId"}}' },
    { what: 'a number that needs a number text', text: '{"a":1e2}' },
    { what: 'a number with more digits than Decimal128 has', text: `{"a":1.${'1'.repeat(40)}}` },
    { what: 'over 100 levels', text: `{"a":${'['.repeat(100)}${']'.repeat(100)}}` },
    { what: 'over 64 members', text: `{${Array.from({ length: 65 }, (_, index) => `"a${index}":1`).join()}}` },
  ])('declines $what', ({ text }) => {
    expect(transcode(text)).toBeUndefined();
    // It has no state, so the next text is transcoded.
    expect(transcode('{"a":1}')?.toString('hex')).toBe(serialize('{"a":1}')?.toString('hex'));
  });

  test('returns the hashes and the positions of the members of the outermost object', () => {
    const json = Buffer.from('{ "a" : {"x":1} , "b":[2] }');
    const membersEnd = transcoder.transcode({ json, target: Buffer.alloc(100), start: 0 })?.membersEnd;
    const { members } = transcoder;
    const hashes = ['a', 'b'].map((key) => hashKey(Buffer.from(key)));
    expect([members[0], members[3]]).toEqual(hashes);
    const read = (member: number) => json.toString('utf8', members[member + 1], members[member + 2]);
    expect([read(0), read(3)]).toEqual(['a" : {"x":1}', 'b":[2]']);
    expect(membersEnd).toBe(2 * numbersPerMember);
  });

  test('returns the size that it needs if the target is too small', () => {
    const json = Buffer.from('{"a":"some text","b":1.50}');
    const needed = serialize(json)?.length as number;
    for (let size = 0; size < needed; size++) {
      expect(transcoder.transcode({ json, target: Buffer.alloc(size), start: 0 })?.end).toBe(needed);
    }
  });

  const space = fc.constantFrom('', '', '', ' ', '\t', '\r');
  const key = fc.oneof(
    fc.constantFrom('a', 'b', 'id', 'resourceType', '__proto__', '_bsontype', '$ref', '$id', '1', '', 'toString', 'é'),
    fc.string({ unit: anyCharacter, maxLength: 4 }),
  );
  const number = fc.oneof(
    fc.integer().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.stringMatching(/^-?(0|[1-9]\d{0,20})(\.\d{1,20})?([eE][+-]?\d{1,3})?$/),
    fc.constantFrom('-0', '0.0', '1.0', '1e400', '1E2', '01', '.5', '5.', '--1'),
  );
  const string = fc.oneof(
    fc.string({ unit: anyCharacter }).map((text) => JSON.stringify(text)),
    fc.constantFrom(
      '"\u0001"',
      String.raw`"\ud800"`,
      String.raw`"\ud83d\ude00"`,
      String.raw`"\u0000"`,
      '"\\/"',
      '"',
      '"\\',
    ),
  );
  const { json } = fc.letrec<{ json: string }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.oneof(number, string, fc.constantFrom('true', 'false', 'null', 'nul')),
      fc.array(tie('json')).map((items) => `[${items.join()}]`),
      fc
        .array(fc.tuple(space, key, space, tie('json')))
        .map(
          (members) => `{${members.map(([a, name, b, value]) => `${a}${JSON.stringify(name)}${b}:${value}`).join()}}`,
        ),
    ),
  }));

  test('every generated text is declined or becomes the bytes that the driver writes', () => {
    let accepted = 0;
    fc.assert(
      fc.property(json, (text) => {
        if (expectSameOrDeclined(`{"resourceType":${text}}`)) accepted += 1;
      }),
      { numRuns: 5000 },
    );
    expect(accepted).toBeGreaterThan(500);
  });

  test('every damaged text is declined or becomes the bytes that the driver writes', () => {
    const line = Buffer.from(
      String.raw`{"resourceType":"Observation","id":"a-1","valueQuantity":{"value":98.60,"unit":"\u00b0F"},"component":[{"x":true},null,-12.5]}`,
    );
    const change = fc.record({
      at: fc.nat(line.length - 1),
      byte: fc.constantFrom(...Buffer.from('"\\{}[],:0-.e u\u0001')),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const damaged = Buffer.from(line);
        for (const { at, byte } of changes) damaged[at] = byte;
        expectSameOrDeclined(damaged);
      }),
      { numRuns: 5000 },
    );
  });

  const { examples, synthea } = publishedLines();
  for (const [what, lines, mayDecline] of [
    ['published example', examples, 1],
    ['resource of Synthea', synthea, 0],
  ] as const) {
    const title = `almost every ${what} is accepted, and becomes the bytes that the driver writes`;
    const run = () =>
      expect(lines.filter((line) => !expectSameOrDeclined(line)).length).toBeLessThanOrEqual(mayDecline);
    testWithLines({ title, lines, run });
  }

  test('the time grows no faster than the text', async () => {
    const target = Buffer.alloc(64);
    const parse = (text: string) => transcoder.transcode({ json: Buffer.from(text), target, start: 0 });
    const wraps = [(run: string) => `{"a":"${run}`, (run: string) => `{"a":[${run}`, (run: string) => `{"${run}`];
    for (const wrap of wraps) expect(await findSuperlinear({ parse, wrap })).toEqual([]);
  });
});
