import { expect, test } from '@jest/globals';
import { shortestGapMs } from './cron-fault.ts';

const minutes = 60_000;
const hours = 60 * minutes;

test.each([
  { cron: '0 2 * * *', gapMs: 24 * hours },
  { cron: '30 2 * * MON', gapMs: 24 * hours },
  { cron: '0 0,1 * * *', gapMs: 1 * hours },
  { cron: '50 23,0 * * *', gapMs: 1 * hours },
  { cron: '0 22,2 * * *', gapMs: 4 * hours },
  { cron: '0 * * * *', gapMs: 1 * hours },
  { cron: '5,55 0,23 * * *', gapMs: 10 * minutes },
  { cron: '0,14 3 * * *', gapMs: 14 * minutes },
  { cron: '45,0 12,0 * * *', gapMs: 45 * minutes },
  { cron: '* * * * *', gapMs: 1 * minutes },
])('the shortest gap of the cron expression "$cron" is $gapMs ms', ({ cron, gapMs }) => {
  expect(shortestGapMs(cron)).toBe(gapMs);
});

test('shortestGapMs throws for text that is not a cron expression', () => {
  expect(() => shortestGapMs('60 2 * * *')).toThrow();
});
