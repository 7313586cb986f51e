import { AppError, errorCodeSchema, type Immutable } from '@bulkhead/base';
import { countSchema, ehrTextSchema, isStoreUnavailable, mayNamePatient } from '@bulkhead/store';
import { z } from 'zod';

/** Why work does not progress, and when it is tried again. Removed by the next success. */
export const retryingSchema = z.strictObject({
  state: z.enum(['waiting', 'retrying']).meta({
    description: '`waiting`: the EHR or the request budget asked for the wait, which does not count as an attempt.',
  }),
  code: errorCodeSchema.describe('The code of the error, or of the reason to wait. docs/errors.md lists the codes.'),
  message: mayNamePatient(z.string()).describe(
    'Why the last attempt failed or had to wait, and what to do if it does not end by itself.',
  ),
  ehrText: ehrTextSchema,
  attempts: countSchema.meta({ description: 'Failures or waits in a row since `since`.' }),
  since: z.date().describe('When the first attempt of this series failed or had to wait.'),
  nextAttemptAt: z
    .date()
    .exactOptional()
    .describe('When the next attempt is due. Absent while it is running or waits for a worker.'),
});
export type Retrying = Immutable<z.output<typeof retryingSchema>>;

/**
 * What to record after another failure: the state to show, and the event of the log. A wait that repeats for the same reason is one event,
 * because an outage of a day has hundreds.
 */
export function noteRetry(options: {
  readonly before: Retrying | undefined;
  readonly error: Pick<AppError, 'code' | 'message' | 'retry' | 'ehrText'>;
  readonly now: Date;
  readonly nextAttemptAt: Date | undefined;
}) {
  const { before, error, now, nextAttemptAt } = options;
  const { code, message, retry, ehrText } = error;
  const state = typeof retry === 'object' ? 'waiting' : 'retrying';
  // Waits and failures have separate limits, so each is counted from its own start.
  const sameState = before?.state === state ? before : undefined;
  const shown = {
    code,
    message,
    attempts: (sameState?.attempts ?? 0) + 1,
    ...(ehrText === undefined ? {} : { ehrText }),
    ...(nextAttemptAt === undefined ? {} : { nextAttemptAt }),
  };
  const retrying: Retrying = { ...shown, state, since: sameState?.since ?? now };
  const isSame = before?.code === code && before.message === message;
  return { retrying, event: isSame ? undefined : shown };
}

/**
 * Whether the EHR or the request budget has made work wait for a day without interruption. A used-up daily budget is free again within
 * a day.
 */
export function hasWaitedForADay({ state, since }: Pick<Retrying, 'state' | 'since'>, now: Date): boolean {
  return state === 'waiting' && since <= dayBefore(now);
}

export const dayBefore = (now: Date): Date => new Date(now.getTime() - 24 * 60 * 60_000);

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

/**
 * Whether an attempt was aborted, or has met an outage of the database. Then nothing has failed at the EHR: nothing is noted, and the job does
 * not lose an attempt.
 */
export function isInterrupted({ signal, error }: { readonly signal: AbortSignal; readonly error: unknown }): boolean {
  return signal.aborted || isStoreUnavailable(error);
}
