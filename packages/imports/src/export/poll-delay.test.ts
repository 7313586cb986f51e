import { expect, test } from '@jest/globals';
import { isPollDue, maxPollDelayMs, planPoll, pollBounds, pollDelay, pollErrorDelay } from './poll-delay.ts';

const floorMs = 30_000;
const bounds = { floorMs, ceilingMs: maxPollDelayMs };
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

test('a Retry-After decides about the next status request, at least our interval and at most the maximum', () => {
  const delay = (retryAfterMs: number) => pollDelay({ ...bounds, retryAfterMs, ageMs: 5 * hourMs });
  expect([5000, 120_000, 18_000_000].map((ms) => delay(ms).waitMs)).toEqual([30_000, 120_000, maxPollDelayMs]);
  expect(delay(5000).reason).toBe('retry-after');
});

test.each([
  { ageMs: 0, waitMs: 30_000, reason: 'interval' },
  { ageMs: 15 * minuteMs, waitMs: 30_000, reason: 'interval' },
  { ageMs: hourMs, waitMs: 2 * minuteMs, reason: 'age' },
  { ageMs: 5 * hourMs, waitMs: 5 * minuteMs, reason: 'age' },
  { ageMs: 12 * hourMs - 1, waitMs: 5 * minuteMs, reason: 'age' },
  { ageMs: 12 * hourMs, waitMs: 10 * minuteMs, reason: 'age' },
  { ageMs: hourMs, earlier: { runs: 2, shortestMs: 6 * hourMs }, waitMs: 10 * minuteMs, reason: 'usual' },
  { ageMs: 3 * minuteMs, earlier: { runs: 2, shortestMs: 6 * hourMs }, waitMs: 3 * minuteMs, reason: 'usual' },
  { ageMs: 266 * minuteMs, earlier: { runs: 2, shortestMs: 6 * hourMs }, waitMs: 5 * minuteMs, reason: 'age' },
  { ageMs: 2 * hourMs, earlier: { runs: 2, shortestMs: 10 * minuteMs }, waitMs: 4 * minuteMs, reason: 'age' },
])('after $ageMs ms with $earlier the next status request is sent in $waitMs ms', ({ waitMs, reason, ...times }) => {
  expect(pollDelay({ ...bounds, ...times })).toEqual({ waitMs, reason });
});

test('the time of a single earlier export is trusted for half of it', () => {
  const delay = (ageMs: number, runs: number) =>
    pollDelay({ ...bounds, ageMs, earlier: { runs, shortestMs: 6 * hourMs } }).reason;
  expect([3 * hourMs - 11 * minuteMs, 3 * hourMs].map((ageMs) => delay(ageMs, 1))).toEqual(['usual', 'age']);
  expect([3 * hourMs, 4.5 * hourMs].map((ageMs) => delay(ageMs, 2))).toEqual(['usual', 'age']);
});

test('a status request is due at its time, or if its plan lies in the future because a clock was set back #clock', () => {
  const now = new Date('2024-01-01T00:00:00Z');
  const plan = planPoll({ now, waitMs: 1000 });
  const isDueAfter = (ms: number) => isPollDue(plan, { now: new Date(now.getTime() + ms), tickMs: floorMs });
  expect([0, 999, 1000, 5000].map(isDueAfter)).toEqual([false, false, true, true]);
  expect([-59_000, -61_000, -600_000].map(isDueAfter)).toEqual([false, true, true]);
  expect(isPollDue({}, { now, tickMs: floorMs })).toBe(true);
});

test('our own interval ends at the nearest moment at which polls run, so a slow answer does not double it', () => {
  const now = new Date('2024-01-01T00:00:00Z');
  const isDueAfter = (ms: number) =>
    isPollDue(
      { ...planPoll({ now, waitMs: floorMs }), pollReason: 'interval' },
      { now: new Date(now.getTime() + ms), tickMs: floorMs },
    );
  expect([14_999, 15_000, 29_900].map(isDueAfter)).toEqual([false, true, true]);
});

test('the wait after consecutive errors doubles up to the maximum', () => {
  const delaysMs = [1, 2, 3, 30].map((errorsInARow) => pollErrorDelay({ errorsInARow, ...bounds }));
  expect(delaysMs).toEqual([60_000, 120_000, 240_000, maxPollDelayMs]);
});

test('the bounds of a provider go before the interval of the workers and the usual maximum', () => {
  const boundsOf = (poll: object) => pollBounds({ poll }, floorMs);
  expect(pollBounds({}, floorMs)).toEqual(bounds);
  // An operator can let workers ask more rarely than the usual maximum.
  expect(pollBounds({}, hourMs)).toEqual({ floorMs: hourMs, ceilingMs: hourMs });
  expect(boundsOf({ minSeconds: 5 })).toEqual({ floorMs: 5000, ceilingMs: maxPollDelayMs });
  expect(boundsOf({ minSeconds: 900 })).toEqual({ floorMs: 900_000, ceilingMs: 900_000 });
  expect(boundsOf({ maxSeconds: 10 })).toEqual({ floorMs: 10_000, ceilingMs: 10_000 });
  expect(boundsOf({ minSeconds: 60, maxSeconds: 3600 })).toEqual({ floorMs: 60_000, ceilingMs: hourMs });
});

test.each([
  { poll: { minSeconds: 60, maxSeconds: 1800 }, times: { retryAfterMs: 5000 }, waitMs: 60_000 },
  { poll: { minSeconds: 60, maxSeconds: 1800 }, times: { retryAfterMs: 18_000_000 }, waitMs: 1_800_000 },
  { poll: { maxSeconds: 60 }, times: { ageMs: 12 * hourMs }, waitMs: 60_000 },
  { poll: { maxSeconds: 60 }, times: { earlier: { runs: 2, shortestMs: 6 * hourMs } }, waitMs: 60_000 },
  { poll: { minSeconds: 120 }, times: { ageMs: 0 }, waitMs: 120_000 },
])('with the bounds $poll and $times the next status request is sent in $waitMs ms', ({ poll, times, waitMs }) => {
  expect(pollDelay({ ...pollBounds({ poll }, floorMs), ageMs: hourMs, ...times }).waitMs).toBe(waitMs);
});
