import type { Clock } from '../options/clock.ts';

export interface ManualClock extends Clock {
  advance(ms: number): void;
}

/** A clock that stands still until it is moved: tests of waiting need not wait. */
export function manualClock(startMs = Date.UTC(2026, 5, 1, 12)): ManualClock {
  let elapsedMs = 0;
  return {
    now: () => startMs + elapsedMs,
    monotonic: () => elapsedMs,
    lateness: () => 0,
    stop: () => {},
    advance: (ms) => {
      elapsedMs += ms;
    },
  };
}
