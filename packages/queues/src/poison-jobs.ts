import { AppError } from '@bulkhead/runtime';
import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';

/**
 * A poison job kills or freezes the worker that runs it, then the next one, and so on. BullMQ counts how often a job was
 * active when its worker stopped renewing the lock (`stalledCounter`). At this many, the job is given up. One or two such ends
 * are ordinary: a machine is lost, or the memory of a container is exhausted by another job.
 */
const maxStalls = 3;

/** How long a suspect waits for the suspect before it. Neither an attempt nor a stall. */
const suspectWaitMs = 5000;

export type Suspicion = 'none' | 'suspect' | 'poison';

/**
 * The suspects of one process: jobs that stalled before and have saved nothing since. They run one at a time, because
 * all jobs of a worker stall together when one of them kills it. A suspect that saves its work is cleared.
 */
export class PoisonJobs {
  readonly #running = new Set<string>();
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor({ redis, prefix }: { readonly redis: Redis; readonly prefix: string }) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  judge({ stalledCounter }: Job): Suspicion {
    if (stalledCounter >= maxStalls) return 'poison';
    return stalledCounter > 0 ? 'suspect' : 'none';
  }

  /** @throws AppError `suspect-waits` if another suspect is running */
  enter(job: Job): void {
    if (this.#running.size > 0) throw suspectWaits();
    this.#running.add(keyOf(job));
  }

  /** The job has saved work: ends of workers before this are not its fault. */
  clear(job: Job): void {
    if (job.stalledCounter === 0) return;
    job.stalledCounter = 0;
    this.leave(job);
    // BullMQ has no call for it. If Redis is unavailable, the stalls of before still count.
    this.#redis.hdel(`${this.#prefix}:${keyOf(job)}`, 'stc').catch(() => undefined);
  }

  leave(job: Job): void {
    this.#running.delete(keyOf(job));
  }
}

function keyOf({ queueName, id = '' }: Job): string {
  return `${queueName}:${id}`;
}

function suspectWaits(): AppError {
  return new AppError({
    code: 'suspect-waits',
    message: 'Its worker died or froze while it ran. It runs again when no other such job is running.',
    retry: { afterMs: suspectWaitMs },
  });
}

export function poisonJobError(name: string): AppError {
  return new AppError({
    code: 'poison-job',
    message: `Poison job: the worker died or froze ${maxStalls} times while it ran ${name}, and nothing was saved in between. What it read from the EHR may be crashing the workers. Check their logs and their memory limit, then retry.`,
    retry: 'never',
  });
}
