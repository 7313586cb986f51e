import { expect, test } from '@jest/globals';
import { canonicalJson } from './audit-chain.ts';

test('canonicalJson serializes the example of RFC 8785, section 3.2.2, as section 3.2.3 shows it', () => {
  const value = JSON.parse(String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`);
  expect(canonicalJson(value)).toBe(
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  );
});

test('canonicalJson sorts the example of RFC 8785, section 3.2.3, by code units', () => {
  const value = JSON.parse(String.raw`{
      "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"
    }`);
  expect(Object.values(JSON.parse(canonicalJson(value)) as object).slice(1)).toEqual([
    'Carriage Return',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ]);
  expect(canonicalJson(value)).toMatch(/^\{"\\r":"Carriage Return","1":"One",/);
});

test('canonicalJson omits undefined members at every depth and writes dates as ISO strings', () => {
  const value = { b: undefined, a: { d: undefined, c: [{ y: 1, x: new Date(0) }] } };
  expect(canonicalJson(value)).toBe('{"a":{"c":[{"x":"1970-01-01T00:00:00.000Z","y":1}]}}');
});
