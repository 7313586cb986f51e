import { describe, expect, test } from '@jest/globals';
import { isPollDue, maxPollDelayMs, planPoll, pollDelay, pollErrorDelay } from './poll-delay.ts';

describe('the wait between status requests', () => {
  const floorMs = 30_000;
  test('has our interval as floor and the server wish as minimum, capped', () => {
    expect(pollDelay({ floorMs })).toBe(30_000);
    expect(pollDelay({ floorMs, retryAfterMs: 5000 })).toBe(30_000);
    expect(pollDelay({ floorMs, retryAfterMs: 120_000 })).toBe(120_000);
    expect(pollDelay({ floorMs, retryAfterMs: 18_000_000 })).toBe(maxPollDelayMs);
  });

  test('is over at its time, or where a clock planned it that has been set back since #clock', () => {
    const now = new Date('2024-01-01T00:00:00Z');
    const plan = planPoll({ now, waitMs: 1000 });
    const later = (ms: number) => new Date(now.getTime() + ms);
    expect([0, 999, 1000, 5000].map((ms) => isPollDue(plan, later(ms)))).toEqual([false, false, true, true]);
    expect([-59_000, -61_000, -600_000].map((ms) => isPollDue(plan, later(ms)))).toEqual([false, true, true]);
    expect(isPollDue({}, now)).toBe(true);
  });

  test('doubles with errors in a row, capped', () => {
    const delays = [1, 2, 3, 30].map((errorsInARow) => pollErrorDelay({ errorsInARow, floorMs }));
    expect(delays).toEqual([60_000, 120_000, 240_000, maxPollDelayMs]);
  });
});
