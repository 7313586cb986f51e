import { expect, test } from '@jest/globals';
import { toBytes, toShown } from './for-people.ts';

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [4_200_000, '4.2 MB'],
  [123_456_789, '123 MB'],
  [2e15, '2,000 TB'],
])('%d bytes are shown as %s', (bytes, shown) => {
  expect(toBytes(bytes)).toBe(shown);
});

test('numbers have separators, and times have no milliseconds', () => {
  expect(toShown(6371, 'stored')).toBe('6,371');
  expect(toShown(6371, 'sizeBytes')).toBe('6.4 kB');
  expect(toShown('2026-11-24T18:05:17.511Z', 'started')).toBe('2026-11-24 18:05:17 UTC');
  expect(toShown('revoked 2026-11-24T18:05:17.511Z', 'ends')).toBe('revoked 2026-11-24 18:05:17 UTC');
});

test('what is part of another word stays: an id, a URL, a cursor', () => {
  for (const text of ['https://ehr/x?_since=2026-11-24T18:05:17.511Z&a=1', 'job_2026', 'x2026-11-24T18:05:17Z'])
    expect(toShown(text, 'x')).toBe(text);
});
