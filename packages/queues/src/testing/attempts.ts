import type { JobContext, JobDefinition, RetryAt, Work } from '../define-job.ts';
import { planRetry, type RetryPlan } from '../plan-retry.ts';

/** The number of attempts of most jobs. */
const attempts = 10;

/** `retryAt` for the first and the last attempt of a job, by the same rule as in a worker. */
export const firstAttempt: RetryAt = retryAtOf(1);
export const lastAttempt: RetryAt = retryAtOf(attempts);

/** Plans what follows a failed attempt of a job. */
export function planAfter(error: unknown, attempt: number): RetryPlan {
  return planRetry({ error, isOutage: false, jobId: 'test', attempt, attempts, backoffMs: 1000 });
}

function retryAtOf(attempt: number): RetryAt {
  return (error) => {
    const plan = planAfter(error, attempt);
    return plan.kind === 'none' ? undefined : new Date(Date.now() + plan.delayMs);
  };
}

/** Runs a job once without a queue. @throws the error of the attempt */
export async function runJob<Payload, Deps extends object>(
  deps: NoInfer<Deps>,
  job: Work<Payload, Deps>,
  payload: NoInfer<Payload>,
  context: Partial<JobContext> = {},
): Promise<void> {
  const signal = context.signal ?? AbortSignal.timeout(60_000);
  const progress = () => undefined;
  const whole = { retryAt: lastAttempt, signal, endSignal: signal, jobId: 'test', hasParent: true, progress };
  await job.run(deps, { ...payload, ...whole, ...context });
}

/** Runs a job once without a queue, as a worker does, and ends its record if no attempt follows. @throws the error of the attempt */
export async function attemptJob<Payload, Deps extends object>(
  deps: NoInfer<Deps>,
  job: Work<Payload, Deps>,
  given: { readonly payload: NoInfer<Payload>; readonly retryAt: RetryAt; readonly signal: AbortSignal },
): Promise<void> {
  const { payload, ...context } = given;
  try {
    await runJob(deps, job, payload, context);
  } catch (error) {
    if (context.retryAt(error) === undefined) await job.onFinalFailure?.(deps, { ...payload, error });
    throw error;
  }
}

/** The same job, run by a test. */
export function runBy<Payload>(
  job: JobDefinition<Payload>,
  run: (deps: unknown, given: Payload & JobContext) => Promise<unknown>,
): Work<Payload, unknown> {
  return { ...job, run, onFinalFailure: async () => undefined };
}
