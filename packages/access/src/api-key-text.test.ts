import { expect, test } from '@jest/globals';
import { apiKeyPattern, apiKeyPrefix, isMistyped, makeApiKeyText } from './ids-and-secrets.ts';

test('a key names the product, has one length and carries a checksum', () => {
  const keys = Array.from({ length: 200 }, makeApiKeyText);
  expect(keys.filter((key) => !apiKeyPattern.test(key))).toEqual([]);
  expect(keys.filter(isMistyped)).toEqual([]);
  expect(new Set(keys.map(apiKeyPrefix)).size).toBeGreaterThan(190);
});

test('every key with a changed, a missing or an additional character is known to be wrong without a look-up', () => {
  const key = makeApiKeyText();
  for (let at = 'bulkhead_'.length; at < key.length; at++) {
    const other = key[at] === 'a' ? 'b' : 'a';
    expect(isMistyped(key.slice(0, at) + other + key.slice(at + 1))).toBe(true);
  }
  expect([
    isMistyped(key.slice(0, -1)),
    isMistyped(`${key}a`),
    isMistyped(key.toUpperCase().replace('BULKHEAD', 'bulkhead')),
  ]).toEqual([true, true, true]);
});

test('a key of an earlier version, which has no checksum, may be right', () => {
  expect(isMistyped(`bh_${'0'.repeat(43)}`)).toBe(false);
});
