import { type Logger, noTracing, type Tracing } from '@bulkhead/runtime';
import { type Job, type MinimalJob, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { QueueName } from './catalog.ts';
import type { Handlers, JobObserver } from './handler.ts';
import { backoffDelayMs } from './plan-retry.ts';
import { PoisonJobs } from './poison-jobs.ts';
import { runJob } from './run-job.ts';

export interface ConsumerOptions<Deps> {
  /** With `maxRetriesPerRequest: null`: a worker waits for Redis, however long it is away. */
  readonly redis: Redis;
  readonly prefix: string;
  readonly queues: readonly QueueName[];
  readonly handlers: Handlers<Deps>;
  /** What the handlers work with. */
  readonly deps: Deps;
  readonly logger: Logger;
  /**
   * How long a job stays with a process that no longer renews its claim. 60 s: longer than any pause of the event loop or
   * of Redis, shorter than anybody waits for a killed worker's job.
   */
  readonly lockMs?: number;
  readonly onJobEnd?: JobObserver;
  readonly tracing?: Tracing;
}

/** Jobs at a time per process: kick-offs and polls only wait for the EHR, downloads use CPU and the database. */
const concurrency: Readonly<Record<QueueName, number>> = {
  'bulk-export': 50,
  'file-download': 4,
  // Steps wait for the EHR most of the time; more than the budget's burst would only wait for the limiter.
  sync: 16,
  // They wait for receivers, up to 15 s each.
  webhook: 16,
  connection: 4,
  // Documents come last in the common budget; more at a time would only hold memory while they wait for it.
  document: 4,
  maintenance: 1,
};
/** Of jobs with the backoff `planned`. @param attempt the attempts so far */
function backoffStrategy(attempt: number, _type?: string, _error?: Error, job?: MinimalJob): number {
  const { backoff } = job?.opts ?? {};
  const backoffMs = typeof backoff === 'object' ? (backoff.delay ?? 0) : 0;
  return backoffDelayMs({ jobId: job?.id ?? '', attempt, backoffMs });
}

/** A poll or a kick-off ends within this; a download is cut and resumes at its checkpoint elsewhere. */
const drainMs = 2000;

export type Consumer = ReturnType<typeof createConsumer>;

/** Runs the jobs of the given queues in this process. */
export function createConsumer<Deps>(options: ConsumerOptions<Deps>) {
  const { redis, prefix, queues, handlers, deps, logger, lockMs = 60_000 } = options;
  const { onJobEnd = () => undefined, tracing = noTracing } = options;
  const stopping = new AbortController();
  const poisonJobs = new PoisonJobs({ redis, prefix });
  const shared = { stopSignal: stopping.signal, handlers, deps, poisonJobs, logger, onJobEnd, tracing };
  const workers = queues.map((queue) => {
    const worker = new Worker(queue, (job: Job, token, signal) => runJob({ ...shared, job, token, signal }), {
      connection: redis,
      prefix,
      autorun: false,
      concurrency: concurrency[queue],
      lockDuration: lockMs,
      stalledInterval: lockMs / 2,
      settings: { backoffStrategy },
      // Ours is lower: see PoisonJobs. At this one BullMQ fails a job without a word to its record.
      maxStalledCount: 10,
    });
    worker.on('error', (error) => logger.warn('queue connection failed', { queue, error }));
    worker.on('stalled', (jobId) => logger.warn('job stalled', { queue, jobId }));
    // A lost lock does not stop a job by itself: another process may have it already.
    worker.on('lockRenewalFailed', (jobIds) => {
      for (const jobId of jobIds) worker.cancelJob(jobId);
    });
    return worker;
  });
  return {
    start(): void {
      for (const worker of workers) void worker.run();
    },
    /** Takes no new job, lets short ones end, cuts long ones: those go back to their queue. */
    async stop(): Promise<void> {
      const cut = setTimeout(() => stopping.abort(new Error('the process is stopping')), drainMs);
      await Promise.all(workers.map((worker) => worker.close()));
      clearTimeout(cut);
    },
  };
}
