import { createHash } from 'node:crypto';
import { AppError, briefAttempts } from '@bulkhead/base';

/**
 * Retry planning. Every error carries an advice (`RetryAdvice`), and this module turns it into what follows a failed attempt. There
 * is one rule for all jobs, so that the consumer, a step that shows its next attempt, and BullMQ's backoff agree:
 *
 *   never    --> none
 *   briefly  --> retry after a backoff, at most `briefAttempts` in all --> none
 *   later    --> retry after a backoff, up to the job's attempts       --> none
 *   afterMs  --> wait, which is not an attempt
 *
 * If the store is unavailable, every job waits. Attempts with a growing backoff would use up the job's attempts, and a job would stand
 * for minutes after an outage of minutes.
 */
export type RetryPlan = { readonly kind: 'none' } | { readonly kind: 'retry' | 'wait'; readonly delayMs: number };

/** A server may ask for a wait of ten years. After an hour the job checks whether the wait still applies. */
const longestWaitMs = 60 * 60_000;

/** As soon as work should continue after an outage. A worker then sends a few commands a second to a store that is unavailable. */
const outageWaitMs = 10_000;

export function planRetry(options: {
  readonly error: unknown;
  /** Whether the store was unavailable. */
  readonly isOutage: boolean;
  readonly jobId: string;
  /** Counted from 1. */
  readonly attempt: number;
  /** The number of attempts in all, without waits. */
  readonly attempts: number;
  readonly backoffMs: number;
}): RetryPlan {
  const { error, isOutage, jobId, attempt, attempts } = options;
  if (isOutage) return { kind: 'wait', delayMs: backoffDelayMs({ jobId, attempt: 1, backoffMs: outageWaitMs }) };
  const advice = error instanceof AppError ? error.retry : 'later';
  if (typeof advice === 'object') return { kind: 'wait', delayMs: Math.min(advice.afterMs, longestWaitMs) };
  const allowed = { never: 0, briefly: Math.min(briefAttempts, attempts), later: attempts }[advice];
  return attempt >= allowed ? { kind: 'none' } : { kind: 'retry', delayMs: backoffDelayMs(options) };
}

/**
 * The wait before the next attempt: `backoffMs`, doubled with each attempt. Jitter takes off up to half of it, so that jobs that
 * failed together are not retried together. It is derived from the job and the attempt, so that a status can show the time of the
 * retry.
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
