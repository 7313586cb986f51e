import { expect, test } from '@jest/globals';
import { apiKeyPattern, apiKeyPrefix, isMistyped, makeApiKeyText } from './api-key-text.ts';

test('makes API keys that name the product, have a fixed length and carry a checksum', () => {
  const keys = Array.from({ length: 200 }, makeApiKeyText);
  expect(keys.filter((key) => !apiKeyPattern.test(key))).toEqual([]);
  expect(keys.filter(isMistyped)).toEqual([]);
  expect(new Set(keys.map(apiKeyPrefix)).size).toBeGreaterThan(190);
});

test('detects a changed, missing or additional character in an API key without a database query', () => {
  const key = makeApiKeyText();
  for (let at = 'bulkhead_'.length; at < key.length; at++) {
    const otherCharacter = key[at] === 'a' ? 'b' : 'a';
    expect(isMistyped(key.slice(0, at) + otherCharacter + key.slice(at + 1))).toBe(true);
  }
  expect([
    isMistyped(key.slice(0, -1)),
    isMistyped(`${key}a`),
    isMistyped(key.toUpperCase().replace('BULKHEAD', 'bulkhead')),
  ]).toEqual([true, true, true]);
});

test('does not reject an API key of an earlier version, which has no checksum', () => {
  expect(isMistyped(`bh_${'0'.repeat(43)}`)).toBe(false);
});
