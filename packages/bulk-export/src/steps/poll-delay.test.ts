import { expect, test } from '@jest/globals';
import { isPollDue, maxPollDelayMs, planPoll, pollDelay, pollErrorDelay } from './poll-delay.ts';

const floorMs = 30_000;
test('the wait between status requests is at least our interval and the Retry-After, and at most the maximum', () => {
  expect(pollDelay({ floorMs })).toBe(30_000);
  expect(pollDelay({ floorMs, retryAfterMs: 5000 })).toBe(30_000);
  expect(pollDelay({ floorMs, retryAfterMs: 120_000 })).toBe(120_000);
  expect(pollDelay({ floorMs, retryAfterMs: 18_000_000 })).toBe(maxPollDelayMs);
});

test('a status request is due at its time, or if its plan lies in the future because a clock was set back #clock', () => {
  const now = new Date('2024-01-01T00:00:00Z');
  const plan = planPoll({ now, waitMs: 1000 });
  const later = (ms: number) => new Date(now.getTime() + ms);
  expect([0, 999, 1000, 5000].map((ms) => isPollDue(plan, later(ms)))).toEqual([false, false, true, true]);
  expect([-59_000, -61_000, -600_000].map((ms) => isPollDue(plan, later(ms)))).toEqual([false, true, true]);
  expect(isPollDue({}, now)).toBe(true);
});

test('the wait after consecutive errors doubles up to the maximum', () => {
  const delaysMs = [1, 2, 3, 30].map((errorsInARow) => pollErrorDelay({ errorsInARow, floorMs }));
  expect(delaysMs).toEqual([60_000, 120_000, 240_000, maxPollDelayMs]);
});
