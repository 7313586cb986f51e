import { describe, expect, test } from '@jest/globals';
import { ExactNumber, hasExactNumber, parseExact } from './exact-number.ts';

const changed = [
  '1.50',
  '0.0',
  '1e2',
  '1E-7',
  '12345678901234567890',
  '0.1234567890123456789',
  '-0',
  '0.0000001',
  '98.60',
];
const kept = ['0', '1', '-1', '1.5', '-12.75', '0.1', '123456789012345', '100'];

describe('numbers that a double would change', () => {
  test.each(changed)('%s is found and keeps its text', (text) => {
    const json = `{"a":[{"value":${text}}],"b":1}`;
    expect(hasExactNumber(Buffer.from(json))).toBe(true);
    expect(JSON.stringify(parseExact(json))).toBe(json);
  });

  test.each(kept)('%s needs no slow path', (text) => {
    const json = `{"value":${text},"s":"x"}`;
    expect(hasExactNumber(Buffer.from(json))).toBe(false);
    expect(JSON.stringify(JSON.parse(json))).toBe(json);
  });

  test('digits inside strings are no numbers', () => {
    const json = String.raw`{"a":"1.50","b":"\\","c":"say \"2.50\"","d":"\\\"1e5"}`;
    expect(hasExactNumber(Buffer.from(json))).toBe(false);
  });

  test('a number after an escaped string is seen', () => {
    expect(hasExactNumber(Buffer.from(String.raw`{"a":"\\","b":1.50}`))).toBe(true);
  });

  test('every number whose text a double changes is found #number-text', () => {
    for (let seed = 1; seed < 5000; seed++) {
      const whole = (seed * 7919) % 1000;
      const fraction = String((seed * 104_729) % 10 ** (seed % 18)).padStart(seed % 9, '0');
      const text = `${whole}.${fraction}`;
      if (String(Number(text)) !== text) expect([text, hasExactNumber(Buffer.from(`[${text}]`))]).toEqual([text, true]);
    }
  });

  test('an exact number serializes as its text', () => {
    expect(JSON.stringify({ value: new ExactNumber('1.50') })).toBe('{"value":1.50}');
  });
});
