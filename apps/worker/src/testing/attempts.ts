import { planRetry, type RetryAt } from '@bulkhead/queues';

/** What a job's first and last attempts are told, by the rule that workers follow. */
export const firstAttempt = retryAtOf(1);
export const lastAttempt = retryAtOf(10);

function retryAtOf(attempt: number): RetryAt {
  return (error) => {
    const plan = planRetry({ error, jobId: 'test', attempt, attempts: 10, backoffMs: 1000 });
    return plan.kind === 'none' ? undefined : new Date(Date.now() + plan.delayMs);
  };
}
