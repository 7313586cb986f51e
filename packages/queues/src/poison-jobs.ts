import { AppError } from '@bulkhead/runtime';
import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';

/**
 * A poison job kills or freezes the worker that runs it, then the next one, and so on. BullMQ counts how often a job was active
 * when its worker stopped renewing the lock (`stalledCounter`). After this many times the job is given up. One or two times are
 * ordinary: a machine is lost, or another job exhausts the memory of a container.
 *
 *   stalls     suspicion
 *   0          none       runs normally
 *   1, 2       suspect    runs while no other suspect of this process runs
 *   3 or more  poison     fails, and its record is ended
 *
 * Saving work resets the counter.
 */
const maxStalls = 3;

/** How long a suspect waits for another suspect. This is neither an attempt nor a stall. */
const suspectWaitMs = 5000;

export type Suspicion = 'none' | 'suspect' | 'poison';

/**
 * The suspects of one process: jobs that stalled before and have saved nothing since. They run one at a time, because all jobs of a
 * worker stall together if one of them kills it. A suspect that saves its work is cleared.
 */
export class PoisonJobs {
  readonly #running = new Set<string>();
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor({ redis, prefix }: { readonly redis: Redis; readonly prefix: string }) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  assess({ stalledCounter }: Job): Suspicion {
    if (stalledCounter >= maxStalls) return 'poison';
    return stalledCounter > 0 ? 'suspect' : 'none';
  }

  /** @throws AppError `suspect-waits` if another suspect is running */
  enter(job: Job): void {
    if (this.#running.size > 0) throw suspectWaits();
    this.#running.add(keyOf(job));
  }

  /** The job has saved work, so earlier ends of its workers were not its fault. */
  clear(job: Job): void {
    if (job.stalledCounter === 0) return;
    job.stalledCounter = 0;
    this.leave(job);
    // BullMQ has no function for this. If Redis is unavailable, the earlier stalls still count.
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
    message: 'The worker died or froze while it ran this job. The job runs again when no other such job is running.',
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
