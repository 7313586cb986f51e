import { expect, test } from '@jest/globals';
import { withMeta } from './with-meta.ts';

test('sets meta, keeps what else is in it, and keeps every number as it is written', () => {
  const text =
    '{"resourceType":"Observation","id":"a","meta":{"tag":[]},"value":[1.50,98.60,12345678901234567890,1e2,-0.0]}';
  const meta = { versionId: '2', lastUpdated: '2026-01-01T00:00:00.000Z' };
  expect(withMeta({ text, meta })).toBe(
    '{"resourceType":"Observation","id":"a","meta":{"tag":[],"versionId":"2","lastUpdated":"2026-01-01T00:00:00.000Z"},' +
      '"value":[1.50,98.60,12345678901234567890,1e2,-0.0]}',
  );
});
