import type { Job, Queue } from 'bullmq';
import type { QueueName } from './catalog.ts';

const jobStates = ['waiting', 'active', 'delayed', 'waiting-children', 'failed'] as const;

/** How a queue stands. */
export interface QueueFigures {
  readonly queue: QueueName;
  readonly jobs: Readonly<Record<(typeof jobStates)[number], number>>;
  /** How long ago the job that has waited longest could have been taken; 0: none waits. */
  readonly oldestMs: number;
  /** Connected ones, in all processes. */
  readonly workers: number;
}

export async function readQueueFigures(queue: Queue): Promise<QueueFigures> {
  const [counts, [oldest], [next], workers] = await Promise.all([
    queue.getJobCounts(...jobStates, 'prioritized'),
    queue.getJobs(['waiting'], 0, 0, true),
    // Jobs that take turns: the next one, since nothing sorts them by age.
    queue.getPrioritized(0, 0),
    queue.getWorkersCount(),
  ]);
  const jobs = Object.fromEntries(jobStates.map((state) => [state, counts[state] ?? 0])) as QueueFigures['jobs'];
  const waiting = jobs.waiting + (counts.prioritized ?? 0);
  const ages = [oldest, next].map((job) => (job ? Date.now() - readySince(job) : 0));
  const oldestMs = Math.max(...ages, 0);
  return { queue: queue.name as QueueName, jobs: { ...jobs, waiting }, oldestMs, workers };
}

/**
 * After its wait, where it was added with one. Of a job that waits once more after a try nothing says when that wait ended, so
 * it looks older by as much.
 */
function readySince({ timestamp, opts, processedOn = 0 }: Job): number {
  return Math.max(timestamp + (opts.delay ?? 0), processedOn);
}
