import { planRetry, type RetryAt } from '@bulkhead/queues';

/** What the first and the last attempt of a job get as context, by the rule that workers follow. */
export const firstAttempt = retryAtOf(1);
export const lastAttempt = retryAtOf(10);

function retryAtOf(attempt: number): RetryAt {
  return (error) => {
    const plan = planRetry({ error, jobId: 'test', attempt, attempts: 10, backoffMs: 1000 });
    return plan.kind === 'none' ? undefined : new Date(Date.now() + plan.delayMs);
  };
}
