import type { JobsOptions, Queue } from 'bullmq';
import { catalog, type JobName, type JobPayload } from './catalog.ts';

/** Finished jobs are kept for a day, so that a second add of the same work is seen; failures for a week, to be looked at. */
const keepCompleted = { age: 86_400, count: 5000 };
const keepFailed = { age: 7 * 86_400, count: 5000 };

/** Of a job in Bull Board: a file that is tried again all day says the same many times. */
const shownLines = 100;

export function jobOptions<Name extends JobName>(name: Name, payload: JobPayload<Name>): JobsOptions {
  const { jobId } = catalog[name] as { jobId: (payload: JobPayload<Name>) => string };
  return { ...commonOptions(name), jobId: jobId(payload) };
}

export function commonOptions(name: JobName): JobsOptions {
  const { attempts, backoffMs } = catalog[name];
  return {
    attempts,
    // Planned by `backoffDelayMs`, which a status can ask as well.
    backoff: { type: 'planned', delay: backoffMs },
    removeOnComplete: keepCompleted,
    removeOnFail: keepFailed,
    keepLogs: shownLines,
    stackTraceLimit: 0,
  };
}

/** BullMQ's largest priority. */
const lastTurn = 2 ** 21 - 1;

/**
 * Jobs of several owners in one queue take turns, as in round-robin scheduling: an owner's first job runs in this round, its second
 * one in the next, whatever others have waiting. A round is a BullMQ priority: a lower one runs first, equal ones in the order in which
 * they were added. So an export of 5,000 files does not keep another connection's three files waiting.
 */
export async function readRound(queue: Queue): Promise<number> {
  const [next] = await queue.getPrioritized(0, 0);
  // With nothing waiting, rounds start again at 1.
  return next?.opts.priority ?? 1;
}

/**
 * The rounds of an owner's next jobs.
 * @param options.filesAhead jobs of the same owner that already have their turns
 */
export function takeTurns(options: {
  readonly round: number;
  readonly filesAhead: number;
  readonly count: number;
}): number[] {
  const { round, filesAhead, count } = options;
  return Array.from({ length: count }, (_, index) => Math.min(round + filesAhead + index, lastTurn));
}
