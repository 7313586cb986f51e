import { expect, test } from '@jest/globals';
import { mergePatch } from './merge-patch.ts';
import { parseExact } from './parse-exact.ts';

test('replaces, merges, takes out, and keeps the text of numbers', () => {
  const target = parseExact('{"a":1.50,"b":{"c":2.0,"d":3},"e":[1],"f":4}');
  const patch = { b: { d: null, x: 'y' }, e: [2], f: null, g: { h: null } };
  expect(JSON.stringify(mergePatch({ target, patch }))).toBe('{"a":1.50,"b":{"c":2.0,"x":"y"},"e":[2],"g":{}}');
  expect(JSON.stringify(mergePatch({ target, patch: { a: { b: 1 } } }))).toContain('"a":{"b":1}');
  expect(mergePatch({ target, patch: 'text' })).toBe('text');
});
