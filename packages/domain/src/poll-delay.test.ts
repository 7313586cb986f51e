import { describe, expect, test } from '@jest/globals';
import { isPollDue, maxPollDelayMs, pollDelay, pollErrorDelay } from './poll-delay.ts';

describe('the wait between status requests', () => {
  const floorMs = 30_000;
  test('has our interval as floor and the server wish as minimum, capped', () => {
    expect(pollDelay({ floorMs })).toBe(30_000);
    expect(pollDelay({ floorMs, retryAfterMs: 5000 })).toBe(30_000);
    expect(pollDelay({ floorMs, retryAfterMs: 120_000 })).toBe(120_000);
    expect(pollDelay({ floorMs, retryAfterMs: 18_000_000 })).toBe(maxPollDelayMs);
  });

  test('is over at its time, or where only a clock that was set back can have made it so long #clock', () => {
    const now = new Date('2024-01-01T00:00:00Z');
    const due = (waitMs: number) => isPollDue({ notBefore: new Date(now.getTime() + waitMs), now, floorMs });
    expect([-1, 0, 1, maxPollDelayMs, maxPollDelayMs + 1].map(due)).toEqual([true, true, false, false, true]);
    expect(isPollDue({ notBefore: undefined, now, floorMs })).toBe(true);
  });

  test('doubles with errors in a row, capped', () => {
    const delays = [1, 2, 3, 30].map((errorsInARow) => pollErrorDelay({ errorsInARow, floorMs }));
    expect(delays).toEqual([60_000, 120_000, 240_000, maxPollDelayMs]);
  });
});
