import { setTimeout as delay } from 'node:timers/promises';
import { type Logger, noTracing, RecurringErrorLog, type Tracing } from '@bulkhead/base';
import { type Job, type MinimalJob, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { ActiveJobs } from './active-jobs.ts';
import { type AnyWork, bindWork, type JobObserver } from './define-job.ts';
import { backoffDelayMs } from './plan-retry.ts';
import { PoisonJobs } from './poison-jobs.ts';
import { concurrency, type QueueName } from './queue-names.ts';
import { runJob } from './run-job.ts';

export interface ConsumerOptions<Deps> {
  /** With `maxRetriesPerRequest: null`, because a worker waits for Redis for any length of time. */
  readonly redis: Redis;
  readonly prefix: string;
  readonly queues: readonly QueueName[];
  readonly jobs: readonly AnyWork<Deps>[];
  /** Each job gets them, but of `store` only what it uses. */
  readonly deps: Deps;
  /** Whether an error means that the store was unavailable. Then the job waits for it, and is not given up. */
  readonly isOutage?: (error: unknown) => boolean;
  readonly logger: Logger;
  /**
   * How long a job stays with a process that no longer renews its lock. 60 s is longer than any pause of the event loop or of
   * Redis, and shorter than an acceptable wait for the job of a killed worker.
   */
  readonly lockMs?: number;
  /** The longest wait of a job whose worker died for another such job (`PoisonJobs`). */
  readonly suspectWaitMs?: number;
  /** How long a job waits for a request budget before it is marked as waiting (`PoisonJobs`). */
  readonly markAfterMs?: number;
  /** How long a job may show no progress (`ActiveJobs`). */
  readonly silenceMs?: (job: { readonly name: string }) => number;
  readonly onJobEnd?: JobObserver;
  readonly tracing?: Tracing;
}

/** The backoff of jobs of the type `planned`. @param attempt the number of attempts so far */
function backoffStrategy(attempt: number, _type?: string, _error?: Error, job?: MinimalJob): number {
  const { backoff } = job?.opts ?? {};
  const backoffMs = typeof backoff === 'object' ? (backoff.delay ?? 0) : 0;
  return backoffDelayMs({ jobId: job?.id ?? '', attempt, backoffMs });
}

/** Polls and kick-offs end within this time. A download is aborted and resumes at its checkpoint in another process. */
const drainMs = 2000;

/** A Redis without memory is noticed soon enough, and a process sends it a few commands a second. */
const refusedPauseMs = 1000;

/**
 * BullMQ takes the next job at once if Redis refused to give one, for example because it has no memory left or is read-only. It would then
 * send thousands of commands a second and report each refusal.
 */
class PausingWorker extends Worker {
  protected override async moveToActive(token: string, name?: string): Promise<Job> {
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      await delay(refusedPauseMs);
      throw error;
    }
  }
}

export type Consumer = ReturnType<typeof createConsumer>;

/** Runs the jobs of the given queues in this process. */
export function createConsumer<Deps extends object>(options: ConsumerOptions<Deps>) {
  const { redis, prefix, queues, deps, logger, lockMs = 60_000 } = options;
  const { onJobEnd = () => undefined, tracing = noTracing, isOutage = () => false } = options;
  const jobs = new Map(options.jobs.map((job) => [job.name, bindWork(job, deps)]));
  const recurringErrors = new RecurringErrorLog(logger);
  const stopping = new AbortController();
  const { suspectWaitMs: waitMs, markAfterMs, silenceMs } = options;
  const activeJobs = new ActiveJobs({ logger, silenceMs });
  const poisonJobs = new PoisonJobs({ redis, prefix, waitMs, markAfterMs });
  const shared = {
    stopSignal: stopping.signal,
    jobs,
    isOutage,
    poisonJobs,
    activeJobs,
    logger,
    onJobEnd,
    tracing,
  };
  const workers = queues.map((queue) => {
    const worker = new PausingWorker(queue, (job: Job, token, signal) => runJob({ ...shared, job, token, signal }), {
      connection: redis,
      prefix,
      autorun: false,
      concurrency: concurrency[queue],
      lockDuration: lockMs,
      stalledInterval: lockMs / 2,
      // How long a command waits for a job, in seconds. BullMQ waits no longer while a job is due later. A job whose worker dies as it is woken
      // starts that much later; with BullMQ's 5 s, two idle workers send 22 commands a second.
      drainDelay: 10,
      settings: { backoffStrategy },
      // PoisonJobs has a lower limit. At this limit BullMQ would fail a job without ending its record.
      maxStalledCount: 10,
    });
    worker.on('error', (error) => recurringErrors.warn('queue connection failed', { queue, error }));
    worker.on('stalled', (jobId) => logger.warn('job stalled', { queue, jobId }));
    // A job does not stop when its lock is lost, although another process may already run it.
    worker.on('lockRenewalFailed', (jobIds) => {
      for (const jobId of jobIds) worker.cancelJob(jobId);
    });
    return worker;
  });
  return {
    start(): void {
      for (const worker of workers) void worker.run();
    },
    /** @throws if a running job makes no progress */
    async checkProgress(): Promise<void> {
      activeJobs.check();
    },
    /** Takes no new jobs, lets short jobs end, and aborts long ones, which go back to their queue. */
    async stop(): Promise<void> {
      const cut = setTimeout(() => stopping.abort(new Error('the process is stopping')), drainMs);
      await Promise.all(workers.map((worker) => worker.close()));
      clearTimeout(cut);
    },
  };
}
