import { AppError, type RetryAdvice } from '@bulkhead/base';
import { expect, test } from '@jest/globals';
import { hasWaitedForADay, noteRetry, type Retrying, withGrowingWait } from './retrying.ts';

const now = new Date('2024-01-01T00:00:00Z');
const failed = (retry: RetryAdvice) => new AppError({ code: 'internal', message: 'It failed.', retry });
const waiting = (attempts: number): Retrying => {
  return { state: 'waiting', code: 'internal', message: 'Wait.', attempts, since: now };
};

test("the shown state contains the EHR's own words if there are any", () => {
  const error = new AppError({
    code: 'internal',
    message: 'It failed.',
    retry: 'later',
    ehrText: 'Down for maintenance',
  });
  const options = { before: undefined, now, nextAttemptAt: undefined };
  expect(noteRetry({ ...options, error }).retrying.ehrText).toBe('Down for maintenance');
  expect(noteRetry({ ...options, error: failed('later') }).retrying).not.toHaveProperty('ehrText');
  expect(noteRetry({ ...options, error }).retrying).not.toHaveProperty('nextAttemptAt');
});

test('the shown state counts consecutive failures since the first one', () => {
  const first = noteRetry({ before: undefined, error: failed('later'), now, nextAttemptAt: undefined }).retrying;
  expect(first).toEqual({ state: 'retrying', code: 'internal', message: 'It failed.', attempts: 1, since: now });
  const nextAttemptAt = new Date('2024-01-01T00:10:00Z');
  const later = new Date('2024-01-01T00:05:00Z');
  expect(noteRetry({ before: first, error: failed('later'), now: later, nextAttemptAt }).retrying).toMatchObject({
    attempts: 2,
    since: now,
    nextAttemptAt,
  });
});

test('the shown state counts waits separately from failures', () => {
  const before = noteRetry({ before: undefined, error: failed('later'), now, nextAttemptAt: undefined }).retrying;
  const later = new Date('2024-01-01T00:05:00Z');
  const { retrying } = noteRetry({ before, error: failed({ afterMs: 1 }), now: later, nextAttemptAt: undefined });
  expect(retrying).toMatchObject({ state: 'waiting', attempts: 1, since: later });
});

const waitAfter = (before: Retrying | undefined, afterMs: number) => withGrowingWait(failed({ afterMs }), before).retry;

test('the first wait is as long as the server asks for', () => {
  expect(waitAfter(undefined, 1)).toEqual({ afterMs: 1 });
});

test.each([
  { attempts: 1, afterMs: 2000 },
  { attempts: 5, afterMs: 32_000 },
  { attempts: 500, afterMs: 600_000 },
])('a wait is at least $afterMs ms long after $attempts waits in a row', ({ attempts, afterMs }) => {
  expect(waitAfter(waiting(attempts), 1000)).toEqual({ afterMs });
});

test('a wait is never shorter than the server asks for', () => {
  expect(waitAfter(waiting(1), 3_600_000)).toEqual({ afterMs: 3_600_000 });
});

test('withGrowingWait does not turn a failure into a wait', () => {
  expect(withGrowingWait(failed('later'), waiting(9)).retry).toBe('later');
});

test('work has waited for a day once 24 hours have passed without a failure in between', () => {
  const after = (hours: number) => new Date(now.getTime() + hours * 3_600_000);
  expect(hasWaitedForADay(waiting(1), after(23.9))).toBe(false);
  expect(hasWaitedForADay(waiting(1), after(24))).toBe(true);
  expect(hasWaitedForADay({ ...waiting(1), state: 'retrying' }, after(25))).toBe(false);
});

test('a wait for the same reason is one event', () => {
  const failure = { error: failed({ afterMs: 1 }), now, nextAttemptAt: undefined };
  const { retrying, event } = noteRetry({ ...failure, before: undefined });
  expect(event).toEqual({ code: 'internal', message: 'It failed.', attempts: 1 });
  expect(noteRetry({ ...failure, before: retrying }).event).toBeUndefined();
});
