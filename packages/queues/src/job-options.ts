import type { JobsOptions, Queue } from 'bullmq';
import type { JobDefinition } from './define-job.ts';

/**
 * Completed jobs are kept for a day, so that adding the same work again is noticed. Failed jobs are kept for a week for inspection.
 */
const keepCompleted = { age: 86_400, count: 5000 };
const keepFailed = { age: 7 * 86_400, count: 5000 };

/** The number of log lines per job in Bull Board. A file that is retried all day logs the same lines many times. */
const shownLines = 100;

export function jobOptions<Payload>(job: JobDefinition<Payload>, payload: Payload): JobsOptions {
  return { ...commonOptions(job), jobId: job.jobId(payload) };
}

export function commonOptions({ attempts, backoffMs }: JobDefinition<never>): JobsOptions {
  return {
    attempts,
    // `backoffDelayMs` computes the wait, so that a status can show it too.
    backoff: { type: 'planned', delay: backoffMs },
    removeOnComplete: keepCompleted,
    removeOnFail: keepFailed,
    keepLogs: shownLines,
    stackTraceLimit: 0,
  };
}

/** BullMQ's lowest priority. */
const lowestPriority = 2 ** 21 - 1;

/**
 * Jobs of several owners in one queue take turns, as in round-robin scheduling. The first job of an owner runs in the current round
 * and the second one in the next round, however many jobs of others wait. A round is a BullMQ priority: a lower one runs first, and
 * equal ones run in the order in which they were added. So neither an export of 5,000 files delays three files of another
 * connection, nor a sync of 10,000 patients one of ten.
 */
export async function readRound(queue: Queue): Promise<number> {
  const [next] = await queue.getPrioritized(0, 0);
  // If no job waits, rounds start again at 1.
  return next?.opts.priority ?? 1;
}

/**
 * The rounds of an owner's next jobs.
 * @param options.ahead the number of the owner's jobs that already have their rounds
 */
export function nextRounds(options: {
  readonly round: number;
  readonly ahead: number;
  readonly count: number;
}): number[] {
  const { round, ahead, count } = options;
  return Array.from({ length: count }, (_, index) => Math.min(round + ahead + index, lowestPriority));
}
