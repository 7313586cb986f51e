import { type Job, type JobContext, type JobName, type JobPayload, planRetry, type RetryAt } from '@bulkhead/queues';
import type { WorkerDeps } from '../../src/deps.ts';
import { handlers } from '../../src/handlers.ts';

/** What the first and the last attempt of a job get as context, by the rule that workers follow. */
export const firstAttempt = retryAtOf(1);
export const lastAttempt = retryAtOf(10);

function retryAtOf(attempt: number): RetryAt {
  return (error) => {
    const plan = planRetry({ error, jobId: 'test', attempt, attempts: 10, backoffMs: 1000 });
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
