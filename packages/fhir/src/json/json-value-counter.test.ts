import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { JsonValueCounter, maxJsonValues } from './json-value-counter.ts';
import { JsonTooLargeError, parseFhirJson } from './parse-json.ts';

/** The number of commas and opening braces that JSON.stringify writes for a value. */
function expectedCount(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const members = Object.values(value);
  return 1 + Math.max(members.length - 1, 0) + members.reduce((sum: number, member) => sum + expectedCount(member), 0);
}

test('JsonValueCounter counts the commas and braces outside of strings, wherever a text is cut into chunks', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 9 }), (value, size) => {
      const json = Buffer.from(JSON.stringify(value));
      const counter = new JsonValueCounter();
      let count = 0;
      for (let start = 0; start < json.length; start += size) count = counter.add(json.subarray(start, start + size));
      expect(count).toBe(expectedCount(JSON.parse(JSON.stringify(value))));
    }),
  );
});

test('parseFhirJson rejects many short values and accepts a long text with few values', () => {
  const parse = (text: string) => parseFhirJson(Buffer.from(text));
  expect(() => parse(`[${'{},'.repeat(maxJsonValues)}{}]`)).toThrow(JsonTooLargeError);
  expect(parse(`[${'{},'.repeat(maxJsonValues / 2 - 2)}{}]`).value).toHaveLength(maxJsonValues / 2 - 1);
  expect(parse(JSON.stringify({ text: '{,[\\"'.repeat(1_000_000) }))).toMatchObject({ hasExactNumbers: false });
});
