import { setTimeout } from 'node:timers/promises';
import { AppError } from '@bulkhead/runtime';
import type { Model } from 'mongoose';

/** The driver already waits for a server (30 s by default), so this only spaces the attempts after that. */
const waitMs = 500;

/**
 * Repeats a write for as long as MongoDB is unavailable, full or broken. Use it for data that only this process has and that
 * cannot be requested again.
 * @throws the last error once `signal` is aborted, and any AppError.
 */
export async function untilStored<Result>(write: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      // An AppError is a decision of our own code, so a retry would end in the same way.
      if (signal.aborted || error instanceof AppError) throw error;
      await setTimeout(waitMs);
    }
  }
}

/** The middle of some values, the higher one of two. @returns undefined if there is none */
export function median(values: readonly number[]): number | undefined {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];
}

/** The filter for runs that have ended in a time, without `until` itself. An index serves it. */
export function endedIn({ since, until }: { readonly since: Date; readonly until: Date }) {
  return { completedAt: { $gte: since, $lt: until }, active: false };
}

/** How long the last runs of a connection took that completed: the median of up to five. @returns undefined if there is none */
export async function usualDurationMs(
  model: Pick<Model<unknown>, 'aggregate'>,
  connectionId: string,
): Promise<number | undefined> {
  const ended = await model.aggregate<{ readonly createdAt: Date; readonly completedAt: Date }>([
    { $match: { connectionId, phase: 'completed' } },
    { $sort: { _id: -1 } },
    { $limit: 5 },
    { $project: { createdAt: 1, completedAt: 1 } },
  ]);
  const took = ended.map(({ createdAt, completedAt }) => completedAt.getTime() - createdAt.getTime());
  return median(took);
}

/**
 * Counts active runs, and runs that have ended since `endedSince`. This takes two index scans, no matter how many older runs
 * are stored.
 */
export async function countByPhase(
  model: Pick<Model<unknown>, 'aggregate'>,
  endedSince: Date,
): Promise<ReadonlyMap<string, number>> {
  const count = (filter: object) =>
    model.aggregate<{ readonly _id: string; readonly count: number }>([
      { $match: filter },
      { $group: { _id: '$phase', count: { $sum: 1 } } },
    ]);
  const groups = await Promise.all([
    count({ active: true }),
    count({ completedAt: { $gte: endedSince }, active: false }),
  ]);
  return new Map(groups.flat().map(({ _id, count }) => [_id, count]));
}
