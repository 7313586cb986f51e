import { createHash } from 'node:crypto';
import { AppError, briefAttempts } from '@bulkhead/runtime';

/** What follows a failed attempt: nothing, another attempt after a backoff, or a wait, which is not an attempt. */
export type RetryPlan = { readonly kind: 'none' } | { readonly kind: 'retry' | 'wait'; readonly delayMs: number };

/** A server can ask for a wait of ten years; after an hour the job checks whether the wait still holds. */
const longestWaitMs = 60 * 60_000;

/** The one rule for every job; see `RetryAdvice`. */
export function planRetry(options: {
  readonly error: unknown;
  readonly jobId: string;
  /** From 1. */
  readonly attempt: number;
  /** Attempts in all, waits not counted. */
  readonly attempts: number;
  readonly backoffMs: number;
}): RetryPlan {
  const { error, attempt, attempts } = options;
  const advice = error instanceof AppError ? error.retry : 'later';
  if (typeof advice === 'object') return { kind: 'wait', delayMs: Math.min(advice.afterMs, longestWaitMs) };
  const allowed = { never: 0, briefly: Math.min(briefAttempts, attempts), later: attempts }[advice];
  return attempt >= allowed ? { kind: 'none' } : { kind: 'retry', delayMs: backoffDelayMs(options) };
}

/**
 * The wait before the next attempt: `backoffMs`, doubled with each attempt. Jitter takes up to half of it, so that jobs that
 * failed together do not return together; it follows from the job and the attempt, so that a status can say when that is.
 */
export function backoffDelayMs(options: {
  readonly jobId: string;
  readonly attempt: number;
  readonly backoffMs: number;
}): number {
  const { jobId, attempt, backoffMs } = options;
  const jitter = createHash('sha256').update(`${jobId}/${attempt}`).digest().readUInt16BE() / 0x10000;
  return Math.round(backoffMs * 2 ** (attempt - 1) * (1 - jitter / 2));
}
