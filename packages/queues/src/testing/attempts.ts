import type { JobName, JobPayload } from '../catalog.ts';
import type { Handler, Job, JobContext, RetryAt } from '../handler.ts';
import { planRetry, type RetryPlan } from '../plan-retry.ts';

/** The number of attempts of most jobs in the catalog. */
const attempts = 10;

/** `retryAt` for the first and the last attempt of a job, by the same rule as in a worker. */
export const firstAttempt: RetryAt = retryAtOf(1);
export const lastAttempt: RetryAt = retryAtOf(attempts);

/** Plans what follows a failed attempt of a job. */
export function planAfter(error: unknown, attempt: number): RetryPlan {
  return planRetry({ error, jobId: 'test', attempt, attempts, backoffMs: 1000 });
}

function retryAtOf(attempt: number): RetryAt {
  return (error) => {
    const plan = planAfter(error, attempt);
    return plan.kind === 'none' ? undefined : new Date(Date.now() + plan.delayMs);
  };
}

/** Runs a job once without a queue, as a worker does, and ends its record if no attempt follows. @throws the error of the attempt */
export async function attemptJob<Name extends JobName, Deps>(
  deps: Deps,
  { run, onFinalFailure }: Handler<Name, Deps>,
  job: { readonly payload: JobPayload<Name>; readonly retryAt: RetryAt; readonly signal: AbortSignal },
): Promise<void> {
  const { payload, retryAt, signal } = job;
  const context: JobContext = {
    retryAt,
    signal,
    endSignal: signal,
    jobId: 'test',
    hasParent: true,
    progress: () => undefined,
  };
  try {
    await run(deps, { ...payload, ...context } as Job<Name>);
  } catch (error) {
    if (retryAt(error) === undefined) await onFinalFailure?.(deps, { ...payload, error });
    throw error;
  }
}
