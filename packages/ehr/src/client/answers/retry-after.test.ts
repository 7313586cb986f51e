import { expect, test } from '@jest/globals';
import { parseRetryAfter } from './answer-rules.ts';

const now = new Date('2024-01-15T10:00:00Z');

test.each([
  ['120', 120_000],
  ['1.5', 1500],
  ['0', 0],
  ['Mon, 15 Jan 2024 10:00:30 GMT', 30_000],
  ['Mon, 15 Jan 2024 09:00:00 GMT', 0],
  [String(now.getTime() / 1000 + 60), 60_000],
  [String(now.getTime() + 60_000), 60_000],
  ['-5', undefined],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
])('parseRetryAfter reads %j as a wait of %j ms', (value, expected) => {
  expect(parseRetryAfter({ value, now })).toBe(expected);
});
