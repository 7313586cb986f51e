import type { Model } from 'mongoose';

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
