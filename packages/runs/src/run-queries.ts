import { median } from '@bulkhead/runtime';
import { type ConnectionScope, findIds, inScope } from '@bulkhead/store';
import type { Model } from 'mongoose';

/** How long the last runs of a connection took that completed: the median of up to five. @returns undefined if there is none */
async function usualDurationMs(model: Pick<Model<unknown>, 'aggregate'>, connectionId: string) {
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
async function countByPhase(model: Pick<Model<unknown>, 'aggregate'>, endedSince: Date) {
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

/** The queries of exports and of syncs. @param options.endPhases the phases of a run that has ended and was not cancelled */
export function createRunQueries<Document extends { readonly _id: string }, Run, Phase extends string>(options: {
  readonly model: Model<Document>;
  readonly toRecord: (document: Document) => Run;
  readonly endPhases: readonly Phase[];
  readonly failedPhases: readonly Phase[];
}) {
  const { toRecord, endPhases, failedPhases } = options;
  // Mongoose cannot type a filter for the fields that the two documents have in common.
  const model = options.model as unknown as Model<{ readonly _id: string }>;
  const list = async (filter: object, page: { readonly sort: Record<string, 1 | -1>; readonly limit?: number }) => {
    // MongoDB reads no limit as 0.
    const { sort, limit = 0 } = page;
    const documents = await model.find(filter).sort(sort).limit(limit).lean();
    return documents.map((document) => toRecord(document as unknown as Document));
  };
  return {
    /** Lists runs, newest first. @param filter.after the last id of the previous page */
    list(filter: {
      readonly provider: string;
      readonly connectionId?: string | undefined;
      readonly phases?: readonly Phase[] | undefined;
      readonly scope: ConnectionScope;
      readonly after?: string | undefined;
      readonly limit: number;
    }): Promise<Run[]> {
      const { provider, connectionId, phases, scope, after, limit } = filter;
      const query = {
        provider,
        $and: [inScope(scope), connectionId === undefined ? {} : { connectionId }],
        ...(phases === undefined ? {} : { phase: { $in: phases } }),
        ...(after === undefined ? {} : { _id: { $lt: after } }),
      };
      return list(query, { sort: { _id: -1 }, limit });
    },

    usualMs: (connectionId: string): Promise<number | undefined> => usualDurationMs(model, connectionId),

    /** Counts the active runs, and those that have ended since `endedSince`. */
    countByPhase: (endedSince: Date): Promise<ReadonlyMap<string, number>> => countByPhase(model, endedSince),

    /** Lists the runs that have not ended, the oldest first. It reads an index and at most `limit` records. Default: no limit. */
    listActive: (limit?: number): Promise<Run[]> =>
      list({ active: true }, { sort: { _id: 1 }, ...(limit === undefined ? {} : { limit }) }),

    /** The runs of a connection that have not ended. */
    listActiveOf: (connectionId: string): Promise<Run[]> => list({ connectionId, active: true }, { sort: { _id: 1 } }),

    async isActive(id: string): Promise<boolean> {
      return (await model.exists({ _id: id, active: true } as object)) !== null;
    },

    /**
     * When the oldest run of a connection was created that can still store data: because it is active, can be retried, or is one of
     * `withLines`, which have quarantined lines.
     */
    async oldestPending(connectionId: string, withLines: readonly string[]): Promise<Date | undefined> {
      const pending = [
        { active: true },
        { phase: { $in: ['failed', 'partial'] } },
        { 'counts.filesFailed': { $gt: 0 } },
        { _id: { $in: withLines } },
      ];
      const oldest = await model
        .findOne({ connectionId, $or: pending } as object, { createdAt: 1 })
        .sort({ createdAt: 1 })
        .lean<{ readonly createdAt: Date }>();
      return oldest?.createdAt;
    },

    /** Lists the runs that have failed since `since`, the last failure first. It reads an index and at most `limit` records. */
    listFailed: ({ since, limit }: { readonly since: Date; readonly limit: number }): Promise<Run[]> =>
      list({ completedAt: { $gte: since }, phase: { $in: failedPhases } }, { sort: { completedAt: -1 }, limit }),

    /** Lists the runs that have ended from `since` until before `until`, the first end first. It reads an index and at most `limit` records. */
    listEnded(filter: { readonly since: Date; readonly until: Date; readonly limit: number }): Promise<Run[]> {
      const { since, until, limit } = filter;
      return list({ completedAt: { $gte: since, $lt: until }, active: false }, { sort: { completedAt: 1 }, limit });
    },

    /** Finds the newest run of a connection that has ended and was not cancelled. It walks the index of the connection from its end. */
    async findNewestEnded(connectionId: string): Promise<Run | undefined> {
      return (await list({ connectionId, phase: { $in: endPhases } }, { sort: { _id: -1 }, limit: 1 }))[0];
    },

    /** Lists the ended runs whose clients have not been notified yet. */
    listUnnotifiedIds: () => findIds(model, { notify: 'due' } as object),

    async markNotified({ id, version }: { readonly id: string; readonly version: number }): Promise<void> {
      await model.updateOne({ _id: id, version, notify: 'due' } as object, { $set: { notify: 'done' } });
    },
  };
}
