import { expect, test } from '@jest/globals';
import { formatBytes, formatDuration, formatShortDuration, shortened } from './format.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [12_345_678, '12.3 MB'],
  [5e9, '5.00 GB'],
])('formatBytes writes %d bytes as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, '0 s'],
  [59_400, '59 s'],
  [60_000, '1 min'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
  [100 * 3_600_000, '4 d 4 h'],
])('formatDuration writes %d ms as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('a long id is shortened in the middle, and a short one stays', () => {
  expect(shortened('conn_1')).toBe('conn_1');
  expect(shortened('job_01a21b301d7d7049a9beeff1d42c509c')).toBe('job_01a21b301d7…d42c509c');
});

test('the axis of a chart shows the largest unit of a duration', () => {
  expect([45_000, 200_000, 7_500_000, 51_000_000].map(formatShortDuration)).toEqual([
    '45 s',
    '3.3 min',
    '2.1 h',
    '14 h',
  ]);
});
