import { EhrHttpError } from '@bulkhead/ehr-client';
import type { RetryAt } from '@bulkhead/queues';
import {
  AppError,
  type ExportError,
  longestWaitMs,
  nextRetrying,
  toExportError,
  toKnownError,
  withGrowingWait,
} from '@bulkhead/runtime';
import type { StepRetry, SyncStep } from '../sync-step.record.ts';
import type { SyncDeps } from './deps.ts';

/** What an attempt that ended with an error means for its search: it fails, or it is tried again and the run says why. */
export type AttemptEnd =
  | { readonly failed: ExportError }
  /** `error` decides about the next attempt. */
  | { readonly retrying: StepRetry; readonly error: AppError };

/** The longest wait counts from the last page of the whole run: a large run takes days under a daily budget, and its last steps wait all that time. */
export async function attemptEnd(
  { store, now }: SyncDeps,
  attempt: {
    readonly step: SyncStep;
    readonly resourceType: string;
    /** Of the attempts before, if no page was read since. */
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
  const retrying = nextRetrying({ before, error, now: at, nextAttemptAt });
  const dayBefore = new Date(at.getTime() - longestWaitMs);
  const hasWaitedForADay = retrying.state === 'waiting' && retrying.since <= dayBefore;
  if (hasWaitedForADay && !(await store.syncSteps.hasProgress({ runId: step.runId, since: dayBefore })))
    return { failed: waitedTooLong(reason) };
  return { retrying: { resourceType, ...retrying }, error };
}

/** Errors that are no answer of the EHR, although a request was sent. */
const codesAfterSending: ReadonlySet<string> = new Set([
  'search-refused',
  'search-not-understood',
  'ehr-unreachable',
  'connection-lost',
  'answer-unusable',
  'answer-too-large',
]);

/** Whether the attempt cost a request: a wait for the budget or for a token costs none. */
export function wasSent(error: unknown): boolean {
  return error instanceof EhrHttpError || (error instanceof AppError && codesAfterSending.has(error.code));
}

export function waitedTooLong({ code }: ExportError): ExportError {
  return {
    code: 'search-waited-too-long',
    message: `The sync was made to wait for 24 hours without an answer, at last because of ${code}. What was read before is stored. Retry the run when the EHR answers again.`,
  };
}
