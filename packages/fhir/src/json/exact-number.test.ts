import { expect, test } from '@jest/globals';
import { ExactNumber, parseExact } from './exact-number.ts';
import { scanJson } from './scan-json.ts';

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

const hasExactNumber = (json: Buffer) => scanJson(json).exactNumbers.length > 0;

test.each(changed)('the number %s, which a double would change, is found and keeps its text', (text) => {
  const json = `{"a":[{"value":${text}}],"b":1}`;
  expect(hasExactNumber(Buffer.from(json))).toBe(true);
  expect(JSON.stringify(parseExact(json))).toBe(json);
});

test.each(kept)('the number %s is parsed as a double', (text) => {
  const json = `{"value":${text},"s":"x"}`;
  expect(hasExactNumber(Buffer.from(json))).toBe(false);
  expect(JSON.stringify(JSON.parse(json))).toBe(json);
});

test('digits inside strings are not numbers', () => {
  const json = String.raw`{"a":"1.50","b":"\\","c":"say \"2.50\"","d":"\\\"1e5"}`;
  expect(hasExactNumber(Buffer.from(json))).toBe(false);
});

test('a number after an escaped string is found', () => {
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

test('parseExact keeps exact numbers at every place and changes nothing else', () => {
  const json = String.raw`[1.50,-0,{"a":[-2.50,"3.50",7],"\u0031.0":{"b":"ünï 4.50","c":1E+2}},0.10]`;
  expect(JSON.stringify(parseExact(json))).toBe(json.replace(String.raw`\u0031`, '1'));
  expect(JSON.stringify(parseExact('1.50'))).toBe('1.50');
});

test("a string that starts with the parser's own mark is kept unchanged", () => {
  for (const string of ['"\ue0002.50"', String.raw`"\uE0002.50"`]) {
    const parsed = parseExact(`{"a":${string},"b":1.50}`) as { a: unknown };
    expect([parsed.a, JSON.stringify(parsed)]).toEqual(['\ue0002.50', '{"a":"\ue0002.50","b":1.50}']);
  }
});

test.each(['1.50.0', '01.50', '1.e2', '1.50-', '.50', '+1.50', '1e', '- 1.50', '1.50"x"', '1.50 2'])(
  'parseExact rejects %s as JSON.parse does',
  (text) => {
    expect(() => parseExact(`[${text}]`)).toThrow(SyntaxError);
  },
);

test('an exact number serializes as its text', () => {
  expect(JSON.stringify({ value: new ExactNumber('1.50') })).toBe('{"value":1.50}');
});
