import { AppError, type ExportError, type StepRetry, type SyncStep } from '@bulkhead/domain';
import { EhrHttpError } from '@bulkhead/ehr-client';
import { longestDelayMs } from '@bulkhead/queues';
import type { UseCaseDeps } from './deps.ts';
import { toExportError } from './fail-export.ts';
import { isFinalFailure } from './is-final-failure.ts';

/**
 * How long a search, or the plan of a run, may be made to wait without a page, by the EHR or by the request budget. A day, since a used daily budget is
 * free again within one. It counts from the last page of the whole run: under a used budget a large run goes on for days, and
 * its last steps wait for their turn all the time.
 */
export const longestWaitMs = 24 * 60 * 60_000;

/** What an attempt that ended with an error means for its search: it fails, or it is tried again and the run says why. */
export type AttemptEnd = { readonly failed: ExportError } | { readonly retrying: StepRetry };

export async function attemptEnd(
  { store, now }: UseCaseDeps,
  attempt: {
    readonly step: SyncStep;
    readonly resourceType: string;
    /** Of the attempts before, if no page was read since. */
    readonly before: StepRetry | undefined;
    readonly error: unknown;
    readonly isLastAttempt: boolean;
    readonly signal: AbortSignal;
  },
): Promise<AttemptEnd> {
  const { step, resourceType, before, error } = attempt;
  const reason = toExportError(error);
  if (isFinalFailure(attempt)) return { failed: reason };
  const at = now();
  const { attempts = 0, since = at } = before ?? {};
  const retrying = { resourceType, ...reason, attempts: attempts + 1, since };
  const afterMs = error instanceof AppError && typeof error.retry === 'object' ? error.retry.afterMs : undefined;
  if (afterMs === undefined) return { retrying: { ...retrying, state: 'retrying' } };
  const dayBefore = new Date(at.getTime() - longestWaitMs);
  if (since <= dayBefore && !(await store.syncSteps.hasProgress({ runId: step.runId, since: dayBefore })))
    return { failed: waitedTooLong(reason) };
  const nextAttemptAt = new Date(at.getTime() + Math.min(afterMs, longestDelayMs));
  return { retrying: { ...retrying, state: 'waiting', nextAttemptAt } };
}

/** Errors that are no answer of the EHR, although a request was sent. */
const codesAfterSending = new Set(['search-refused', 'search-not-understood', 'ehr-unreachable']);

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
