import type { QueueFigures, QueueName } from '@bulkhead/queues';
import { counted, type Finding, type HealthSubject, hourMs, inWords, ok } from './health-check.ts';

/** Jobs of these queues take seconds, so none should wait for minutes. */
const quickQueues: ReadonlySet<QueueName> = new Set(['bulk-export', 'webhook', 'connection', 'maintenance']);
export const maxQuickWaitMs = 10 * 60_000;
/** A backlog of hours is normal after a large export. Half a day is more than the workers or the request budget can handle. */
export const maxSlowWaitMs = 12 * hourMs;

/** How long the oldest job of each queue has waited. */
export function checkBacklog(queues: readonly QueueFigures[]): Finding {
  const stuck = queues.filter(({ queue, oldestMs }) => quickQueues.has(queue) && oldestMs > maxQuickWaitMs);
  const behind = queues.filter(({ queue, oldestMs }) => !quickQueues.has(queue) && oldestMs > maxSlowWaitMs);
  if (stuck.length === 0 && behind.length === 0) {
    const waiting = queues.reduce((sum, { jobs }) => sum + jobs.waiting, 0);
    return ok(`${counted(waiting, 'waiting job')}. None has waited too long.`);
  }
  const subjects = [...stuck, ...behind].map(({ queue, oldestMs, jobs }): HealthSubject => {
    const reason = `${counted(jobs.waiting, 'waiting job')}, the oldest for ${inWords(oldestMs)}`;
    return { kind: 'queue', id: queue, reason };
  });
  if (stuck.length > 0) {
    const reason = 'Jobs that take seconds have waited for more than 10 minutes.';
    const action = 'Check the logs and the CPU of the workers, and restart them one after the other. Nothing is lost.';
    return { severity: 'critical', reason, action, subjects };
  }
  const reason = 'Downloads, syncs or documents have waited for more than 12 hours.';
  const action =
    'Start more workers, or spread the schedules over the night. The page of the rate budget shows its use.';
  return { severity: 'warning', reason, action, subjects };
}

/** Failures are counted for this long. */
export const failedJobsMs = hourMs / 2;
/** Single jobs fail, and their records show it. More with one name have a common cause. */
export const maxFailedJobs = 5;
/** A person waits for these jobs and sees why they fail. */
const seenByPeople = /^(?:connection\.test|authorization\.)/;

export function checkFailedJobs(failedJobs: ReadonlyMap<string, number>): Finding {
  const many = [...failedJobs].filter(([name, count]) => count > maxFailedJobs && !seenByPeople.test(name));
  if (many.length === 0) return ok('No kind of job has failed more than 5 times in the last half hour.');
  return {
    severity: 'warning',
    reason: `Kinds of job that failed more than 5 times in the last half hour: ${many.length}.`,
    action: 'Open Bull Board, or look for "job failed" in the logs of the workers. docs/errors.md explains the codes.',
    subjects: many.map(([name, count]) => ({ kind: 'job', id: name, reason: counted(count, 'failure') })),
  };
}
