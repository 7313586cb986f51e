import { AppError, type WaitObserver } from '@bulkhead/base';
import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { jobError } from './errors.ts';

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
 * Saving work resets the counter. A worker that dies while the job only waits for a request budget was not killed by it. So a job that waits
 * for longer than a moment is marked, and the stall of a marked job is taken back.
 */
const maxStalls = 3;

/** Shorter waits are not marked: they are frequent, and a death within them is rare. */
const markAfterMs = 1000;

/** The field of BullMQ's job that marks it. */
const waitsField = 'waitsForBudget';

/** A job that was removed meanwhile must not come back as a hash with only this field. */
const markScript = "if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], ARGV[1], '1') end";

/** Does not count the last stall of a marked job. @returns whether it was marked */
const uncountStallScript = `
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[1], 'stc', -1)
return 1`;

/**
 * The longest wait of a suspect for another suspect, which usually ends it earlier. It is neither an attempt nor a stall. After it the job
 * can also run in another process.
 */
const suspectWaitMs = 5000;

export type Suspicion = 'none' | 'suspect' | 'poison';

/**
 * The suspects of one process: jobs that stalled before and have saved nothing since. They run one at a time, because all jobs of a
 * worker stall together if one of them kills it. A suspect that saves its work is cleared.
 */
export class PoisonJobs {
  readonly #running = new Set<string>();
  /** Delayed jobs, the first of which runs next. */
  readonly #waiting = new Map<string, Job>();
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #waitMs: number;
  readonly #markAfterMs: number;

  constructor(options: {
    readonly redis: Redis;
    readonly prefix: string;
    readonly waitMs?: number | undefined;
    readonly markAfterMs?: number | undefined;
  }) {
    this.#redis = options.redis;
    this.#prefix = options.prefix;
    this.#waitMs = options.waitMs ?? suspectWaitMs;
    this.#markAfterMs = options.markAfterMs ?? markAfterMs;
  }

  async assess(job: Job): Promise<Suspicion> {
    if (job.stalledCounter > 0 && (await this.#uncountStallIfMarked(job))) job.stalledCounter -= 1;
    if (job.stalledCounter >= maxStalls) return 'poison';
    return job.stalledCounter > 0 ? 'suspect' : 'none';
  }

  /** If Redis is unavailable, the job is stalled anyway, and its stalls count. */
  async #uncountStallIfMarked(job: Job): Promise<boolean> {
    const marked = this.#redis.eval(uncountStallScript, 1, this.#redisKey(job), waitsField);
    return (await marked.catch(() => 0)) === 1;
  }

  /** Marks the job in Redis while it waits for a request budget. */
  observeWaits(job: Job): WaitObserver {
    let timer: NodeJS.Timeout | undefined;
    let isMarked = false;
    return {
      begins: () => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          isMarked = true;
          this.#redis.eval(markScript, 1, this.#redisKey(job), waitsField).catch(() => undefined);
        }, this.#markAfterMs);
        timer.unref();
      },
      ends: () => {
        clearTimeout(timer);
        if (!isMarked) return;
        isMarked = false;
        this.#redis.hdel(this.#redisKey(job), waitsField).catch(() => undefined);
      },
    };
  }

  #redisKey(job: Job): string {
    return `${this.#prefix}:${keyOf(job)}`;
  }

  /** @throws AppError `suspect-waits` if another suspect is running */
  enter(job: Job): void {
    if (this.#running.size > 0) throw jobError('suspect-waits', { retry: { afterMs: this.#waitMs } });
    this.#running.add(keyOf(job));
  }

  /** The job is delayed until no other suspect runs. */
  wait(job: Job): void {
    this.#waiting.set(keyOf(job), job);
    this.#runNext();
  }

  /** The job has saved work, so earlier ends of its workers were not its fault. */
  clear(job: Job): void {
    if (job.stalledCounter === 0) return;
    job.stalledCounter = 0;
    this.leave(job);
    // BullMQ has no function for this. If Redis is unavailable, the earlier stalls still count.
    this.#redis.hdel(this.#redisKey(job), 'stc').catch(() => undefined);
  }

  leave(job: Job): void {
    if (this.#running.delete(keyOf(job))) this.#runNext();
  }

  #runNext(): void {
    const [next] = this.#waiting.values();
    if (this.#running.size > 0 || next === undefined) return;
    this.#waiting.delete(keyOf(next));
    // A job that cannot be promoted already runs, or Redis is unavailable. Then its delay ends without this.
    next.promote().catch(() => this.#runNext());
  }
}

function keyOf({ queueName, id = '' }: Job): string {
  return `${queueName}:${id}`;
}

export function isSuspectWait(error: unknown): boolean {
  return error instanceof AppError && error.code === 'suspect-waits';
}

export function poisonJobError(name: string): AppError {
  return jobError('poison-job', {
    message: `Poison job: the worker died or froze ${maxStalls} times while it ran ${name}, and nothing was saved in between. What it read from the EHR may be crashing the workers. Check their logs and their memory limit, then retry.`,
  });
}
