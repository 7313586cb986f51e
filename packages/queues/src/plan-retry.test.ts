import { AppError, type RetryAdvice } from '@bulkhead/base';
import { expect, test } from '@jest/globals';
import { backoffDelayMs, planRetry } from './plan-retry.ts';

const failed = (retry: RetryAdvice) => new AppError({ code: 'internal', message: 'x', retry });
const plan = (error: unknown, attempt: number) =>
  planRetry({ error, isOutage: false, attempt, attempts: 10, jobId: 'job', backoffMs: 1000 }).kind;

test.each([
  { name: 'the advice "never"', error: failed('never'), attempt: 1, kind: 'none' },
  { name: 'the advice "later" on the first attempt', error: failed('later'), attempt: 1, kind: 'retry' },
  { name: 'the advice "later" on the last attempt', error: failed('later'), attempt: 10, kind: 'none' },
  { name: 'the advice "briefly" on the second attempt', error: failed('briefly'), attempt: 2, kind: 'retry' },
  { name: 'the advice "briefly" on the third attempt', error: failed('briefly'), attempt: 3, kind: 'none' },
  { name: 'a wait on the last attempt', error: failed({ afterMs: 5 }), attempt: 10, kind: 'wait' },
  { name: 'an unknown error on the first attempt', error: new Error('x'), attempt: 1, kind: 'retry' },
  { name: 'an unknown error on the last attempt', error: new Error('x'), attempt: 10, kind: 'none' },
])('planRetry plans "$kind" for a job that fails with $name', ({ error, attempt, kind }) => {
  expect(plan(error, attempt)).toBe(kind);
});

test('a wait that a server asks for is at most an hour', () => {
  const error = failed({ afterMs: 1e12 });
  expect(planRetry({ error, isOutage: false, attempt: 1, attempts: 1, jobId: 'job', backoffMs: 0 })).toEqual({
    kind: 'wait',
    delayMs: 3_600_000,
  });
});

test('a job waits 5 to 10 s while the store is unavailable, however many attempts it had', () => {
  const options = { error: new Error('x'), isOutage: true, attempts: 10, backoffMs: 60_000 };
  for (let attempt = 1; attempt <= 10; attempt++) {
    const plan = planRetry({ ...options, attempt, jobId: `job-${attempt}` });
    expect(plan).toEqual({ kind: 'wait', delayMs: expect.any(Number) });
    const { delayMs } = plan as { readonly delayMs: number };
    expect(delayMs).toBeGreaterThanOrEqual(5000);
    expect(delayMs).toBeLessThanOrEqual(10_000);
  }
});

test('the backoff doubles, differs between jobs by up to half, and is the same for each call', () => {
  const delaysMs = Array.from({ length: 200 }, (_, index) =>
    backoffDelayMs({ jobId: `job-${index}`, attempt: 3, backoffMs: 1000 }),
  );
  expect(Math.min(...delaysMs)).toBeGreaterThanOrEqual(2000);
  expect(Math.max(...delaysMs)).toBeLessThanOrEqual(4000);
  expect(new Set(delaysMs).size).toBeGreaterThan(100);
  expect(backoffDelayMs({ jobId: 'job-0', attempt: 3, backoffMs: 1000 })).toBe(delaysMs[0]);
});
