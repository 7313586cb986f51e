import { expect, test } from '@jest/globals';
import { mergePatch, parseExact, withMeta } from './exact-json.ts';

test('withMeta sets meta, keeps its other members and keeps the text of every number', () => {
  const text =
    '{"resourceType":"Observation","id":"a","meta":{"tag":[]},"value":[1.50,98.60,12345678901234567890,1e2,-0.0]}';
  const meta = { versionId: '2', lastUpdated: '2026-01-01T00:00:00.000Z' };
  expect(withMeta(text, meta)).toBe(
    '{"resourceType":"Observation","id":"a","meta":{"tag":[],"versionId":"2","lastUpdated":"2026-01-01T00:00:00.000Z"},' +
      '"value":[1.50,98.60,12345678901234567890,1e2,-0.0]}',
  );
});

test('mergePatch replaces, merges and removes members and keeps the text of numbers', () => {
  const target = parseExact('{"a":1.50,"b":{"c":2.0,"d":3},"e":[1],"f":4}');
  const patch = { b: { d: null, x: 'y' }, e: [2], f: null, g: { h: null } };
  expect(JSON.stringify(mergePatch({ target, patch }))).toBe('{"a":1.50,"b":{"c":2.0,"x":"y"},"e":[2],"g":{}}');
  expect(JSON.stringify(mergePatch({ target, patch: { a: { b: 1 } } }))).toContain('"a":{"b":1}');
  expect(mergePatch({ target, patch: 'text' })).toBe('text');
});
