import { AppError, type ErrorCode, type ExportError, toExportError, toKnownError } from '@bulkhead/base';
import { EhrHttpError } from '@bulkhead/ehr';
import type { RetryAt } from '@bulkhead/queues';
import { dayBefore, hasWaitedForADay, noteRetry, withGrowingWait } from '../../runs/index.ts';
import { waitedTooLong } from '../fail-sync.ts';
import type { SyncDeps } from '../sync-deps.ts';
import type { StepRetry, SyncStep } from '../sync-step.record.ts';

/** The consequence of an attempt that ended with an error: its search fails, or is retried while the run shows why. */
export type AttemptEnd =
  | { readonly failed: ExportError }
  /** `error` decides about the next attempt. */
  | { readonly retrying: StepRetry; readonly event: ReturnType<typeof noteRetry>['event']; readonly error: AppError };

/**
 * Decides what follows a failed attempt. A search fails after a day of waiting, counted from the last page of the whole run: under a
 * daily budget a large run takes days, and its last steps wait all that time.
 */
export async function attemptEnd(
  { store, now }: SyncDeps<'syncSteps'>,
  attempt: {
    readonly step: SyncStep;
    readonly resourceType: string;
    /** The state after the previous attempts, if no page was read since. */
    readonly before: StepRetry | undefined;
    readonly error: unknown;
    readonly retryAt: RetryAt;
  },
): Promise<AttemptEnd> {
  const { step, resourceType, before, retryAt } = attempt;
  const error = withGrowingWait(toKnownError(attempt.error), before);
  const reason = toExportError(error);
  const nextAttemptAt = retryAt(error);
  if (nextAttemptAt === undefined) return { failed: reason };
  const at = now();
  const { retrying, event } = noteRetry({ before, error, now: at, nextAttemptAt });
  const isOverdue = hasWaitedForADay(retrying, at);
  if (isOverdue && !(await store.syncSteps.hasProgress({ runId: step.runId, since: dayBefore(at) })))
    return { failed: waitedTooLong(reason) };
  return { retrying: { resourceType, ...retrying }, event, error };
}

/** Errors other than an error status that occur after a request was sent. */
const codesAfterSending: ReadonlySet<ErrorCode> = new Set([
  'search-refused',
  'search-not-understood',
  'ehr-unreachable',
  'connection-lost',
  'answer-unusable',
  'answer-too-large',
]);

/** Whether the attempt used a request. A wait for the budget or for a token does not. */
export function wasSent(error: unknown): boolean {
  return error instanceof EhrHttpError || (error instanceof AppError && codesAfterSending.has(error.code));
}
