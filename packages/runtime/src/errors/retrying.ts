import { AppError, type ErrorCode } from './app-error.ts';

/** Why retried work does not progress. Removed by the next success. */
export interface Retrying {
  /** `waiting`: the EHR or the request budget asked for the wait, so it does not count as an attempt. */
  readonly state: 'waiting' | 'retrying';
  /** The code of the last error. */
  readonly code: ErrorCode;
  readonly message: string;
  /** The EHR's own words, see `toEhrText`. For operators only. */
  readonly ehrText?: string;
  /** Consecutive failures since `since`. */
  readonly attempts: number;
  readonly since: Date;
  readonly nextAttemptAt?: Date;
}

/**
 * How long the EHR or the request budget may make work wait without interruption. A used-up daily budget is free again within a
 * day.
 */
export const longestWaitMs = 24 * 60 * 60_000;

/** The state to show after another failure. */
export function nextRetrying(options: {
  readonly before: Retrying | undefined;
  readonly error: Pick<AppError, 'code' | 'message' | 'retry' | 'ehrText'>;
  readonly now: Date;
  readonly nextAttemptAt: Date | undefined;
}): Retrying {
  const { before, error, now, nextAttemptAt } = options;
  const { code, message, retry, ehrText } = error;
  const state = typeof retry === 'object' ? 'waiting' : 'retrying';
  // Waits and failures have separate limits, so each is counted from its own start.
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

/** The longest wait that is added. A server that always asks for one second then gets at most 144 requests a day. */
const longestOwnWaitMs = 10 * 60_000;

/**
 * Returns the error with a longer wait if the server asked for a shorter one. The wait starts at one second and doubles with each
 * wait in a row. Otherwise a server that always asks for one second would get 86,400 requests a day.
 */
export function withGrowingWait(error: AppError, before: Retrying | undefined): AppError {
  const { code, message, retry, context, ehrText } = error;
  if (typeof retry !== 'object' || before?.state !== 'waiting') return error;
  const ownWaitMs = Math.min(1000 * 2 ** Math.min(before.attempts, 20), longestOwnWaitMs);
  if (retry.afterMs >= ownWaitMs) return error;
  return new AppError({ code, message, retry: { afterMs: ownWaitMs }, context, cause: error, ehrText });
}
