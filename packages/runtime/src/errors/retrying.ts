import { AppError } from './app-error.ts';

/** Why work does not progress, while it is retried. Removed by the next success. */
export interface Retrying {
  /** `waiting`: the EHR or the request budget asked for the wait, so it does not count as an attempt. */
  readonly state: 'waiting' | 'retrying';
  /** Of the last error. */
  readonly code: string;
  readonly message: string;
  /** See `toEhrText`: for operators only. */
  readonly ehrText?: string;
  /** Failures in a row since `since`. */
  readonly attempts: number;
  readonly since: Date;
  readonly nextAttemptAt?: Date;
}

/**
 * How long in a row the EHR or the request budget may make work wait. A day, since a daily budget that is used up is free again
 * within one.
 */
export const longestWaitMs = 24 * 60 * 60_000;

/** What is shown after one more failure. */
export function nextRetrying(options: {
  readonly before: Retrying | undefined;
  readonly error: Pick<AppError, 'code' | 'message' | 'retry' | 'ehrText'>;
  readonly now: Date;
  readonly nextAttemptAt: Date | undefined;
}): Retrying {
  const { before, error, now, nextAttemptAt } = options;
  const { code, message, retry, ehrText } = error;
  const state = typeof retry === 'object' ? 'waiting' : 'retrying';
  // A wait and a failure have limits of their own, so each is counted from its own start.
  const sameState = before?.state === state ? before : undefined;
  return {
    state,
    code,
    message,
    ...(ehrText === undefined ? {} : { ehrText }),
    attempts: (sameState?.attempts ?? 0) + 1,
    since: sameState?.since ?? now,
    ...(nextAttemptAt === undefined ? {} : { nextAttemptAt }),
  };
}

/** A server that asks for one second again and again is asked every ten minutes in the end: 144 requests in a day. */
const longestOwnWaitMs = 10 * 60_000;

/**
 * The same error with a wait that grows with each wait before it, from one second, if the server asks for a shorter one: a server
 * that asks for a second each time must not get 86,400 requests a day.
 */
export function withPatience(error: AppError, before: Retrying | undefined): AppError {
  const { code, message, retry, context, ehrText } = error;
  if (typeof retry !== 'object' || before?.state !== 'waiting') return error;
  const ownWaitMs = Math.min(1000 * 2 ** Math.min(before.attempts, 20), longestOwnWaitMs);
  if (retry.afterMs >= ownWaitMs) return error;
  return new AppError({ code, message, retry: { afterMs: ownWaitMs }, context, cause: error, ehrText });
}
