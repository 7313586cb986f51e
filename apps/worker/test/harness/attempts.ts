import {
  type Job,
  type JobContext,
  type JobName,
  type JobPayload,
  planRetry,
  type RetryAt,
  type RetryPlan,
} from '@bulkhead/queues';
import type { WorkerDeps } from '../../src/deps.ts';
import { handlers } from '../../src/handlers.ts';

/** The number of attempts of most jobs in the catalog. */
const attempts = 10;

/** `retryAt` for the first and the last attempt of a job, by the same rule as in a worker. */
export const firstAttempt = retryAtOf(1);
export const lastAttempt = retryAtOf(attempts);

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
export async function attemptJob<Name extends JobName>(
  deps: WorkerDeps,
  job: {
    readonly name: Name;
    readonly payload: JobPayload<Name>;
    readonly retryAt: RetryAt;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { name, payload, retryAt, signal } = job;
  const { run, onFinalFailure } = handlers[name];
  const context: JobContext = { retryAt, signal, jobId: name, hasParent: true, progress: () => undefined };
  try {
    await run(deps, { ...payload, ...context } as Job<Name>);
  } catch (error) {
    if (retryAt(error) === undefined) await onFinalFailure?.(deps, { ...payload, error });
    throw error;
  }
}
