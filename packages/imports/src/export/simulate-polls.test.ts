import { expect, test } from '@jest/globals';
import { simulatePolls } from './poll-delay.ts';

const floorMs = 30_000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const known = { runs: 5, shortestMs: 5.5 * hourMs };
test.each([
  { earlier: known, atMost: 60 },
  { earlier: { ...known, runs: 1 }, atMost: 60 },
  { earlier: undefined, atMost: 150 },
])('an export of 5.5 h with $earlier takes at most $atMost status requests', ({ earlier, atMost }) => {
  const { polls } = simulatePolls({ durationMs: 5.5 * hourMs, earlier });
  expect(polls).toBeLessThanOrEqual(atMost);
});

test.each([
  { fromMs: 1, untilMs: 15 * minuteMs, lateMs: 30_000 },
  { fromMs: 15 * minuteMs, untilMs: 12 * hourMs, lateMs: 5 * minuteMs },
  { fromMs: 12 * hourMs, untilMs: 24 * hourMs, lateMs: 10 * minuteMs },
])('an end between $fromMs and $untilMs ms is noticed at most $lateMs ms late', ({ fromMs, untilMs, lateMs }) => {
  // A prime step, so that the ends fall on many moments between two ticks.
  const stepMs = untilMs > hourMs ? 311_099 : 7001;
  for (let durationMs = fromMs; durationMs < untilMs; durationMs += stepMs)
    expect(simulatePolls({ durationMs }).lateMs).toBeLessThanOrEqual(lateMs);
});

test('an end within a quarter of the usual time is noticed at most 5 minutes late, and an earlier one 10 minutes', () => {
  for (let durationMs = 1; durationMs < 8 * hourMs; durationMs += 181_003) {
    const { lateMs } = simulatePolls({ durationMs, earlier: known });
    const isExpected = durationMs >= 0.75 * known.shortestMs;
    expect(lateMs).toBeLessThanOrEqual(isExpected ? 5 * minuteMs : Math.min(10 * minuteMs, durationMs + floorMs));
  }
});
