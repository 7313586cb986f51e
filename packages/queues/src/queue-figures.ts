import type { Job, Queue } from 'bullmq';
import type { QueueName } from './queue-names.ts';

const jobStates = ['waiting', 'active', 'delayed', 'waiting-children', 'failed'] as const;

/** The state of a queue. */
export interface QueueFigures {
  readonly queue: QueueName;
  readonly jobs: Readonly<Record<(typeof jobStates)[number], number>>;
  /** How long the oldest waiting job has been ready, or 0 if no job waits. */
  readonly oldestMs: number;
  /** The number of connected workers in all processes. */
  readonly workers: number;
  /** Whether an operator has paused the queue in Bull Board. No worker takes its jobs until it is resumed. */
  readonly isPaused: boolean;
}

export async function readQueueFigures(queue: Queue): Promise<QueueFigures> {
  const [counts, [oldest], [next], workers, isPaused] = await Promise.all([
    queue.getJobCounts(...jobStates, 'prioritized'),
    queue.getJobs(['waiting'], 0, 0, true),
    // Jobs that take turns are not sorted by age, so this only reads the next one.
    queue.getPrioritized(0, 0),
    queue.getWorkersCount(),
    queue.isPaused(),
  ]);
  const jobs = Object.fromEntries(jobStates.map((state) => [state, counts[state] ?? 0])) as QueueFigures['jobs'];
  const waiting = jobs.waiting + (counts.prioritized ?? 0);
  const ages = [oldest, next].map((job) => (job ? Date.now() - readySince(job) : 0));
  const oldestMs = Math.max(...ages, 0);
  return { queue: queue.name as QueueName, jobs: { ...jobs, waiting }, oldestMs, workers, isPaused };
}

/**
 * When a job became ready, which is after the delay that it was added with. Nothing says when a later wait ended, so a job that
 * waited again after an attempt appears older by that wait.
 */
function readySince({ timestamp, opts, processedOn = 0 }: Job): number {
  return Math.max(timestamp + (opts.delay ?? 0), processedOn);
}
