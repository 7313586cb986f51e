import { median } from '@bulkhead/base';
import { type ConnectionScope, findIds, inScope, wholeBatch } from '@bulkhead/store';
import type { Model } from 'mongoose';

/** When the last completed run of a schedule, or without one, was created. */
export interface LastCompleted {
  readonly connectionId: string;
  readonly scheduleId?: string;
  readonly createdAt: Date;
}

/** What people see of the newest run of each connection. A record of an export has several kilobytes. */
const endedFields = [
  'connectionId',
  'provider',
  'phase',
  'createdAt',
  'completedAt',
  'error',
  'isPartial',
  'counts',
] as const;
/** What a run took. */
const usualFields = ['createdAt', 'completedAt', 'pollCount', 'manifestFiles', 'stepCount'] as const;

type Fields<Run, Names extends readonly string[]> = Pick<Run, Extract<keyof Run, Names[number] | 'id'>>;
export type NewestRun<Run> = Fields<Run, typeof endedFields>;
export type UsualRun<Run> = Fields<Run, typeof usualFields>;

interface EndedGroup {
  readonly _id: { readonly connectionId: string; readonly scheduleId?: string | null; readonly phase: string };
  readonly id: string;
  readonly createdAt: Date;
}

/** The queries of exports and of syncs. @param options.endPhases the phases of a run that has ended and was not cancelled */
export class RunQueries<Document extends { readonly _id: string }, Run, Phase extends string> {
  readonly #options;
  // Mongoose cannot type a filter for the fields that the two documents have in common.
  readonly #runs;

  constructor(options: {
    readonly model: Model<Document>;
    readonly toRecord: (document: Document) => Run;
    readonly endPhases: readonly Phase[];
    readonly failedPhases: readonly Phase[];
    /** Large fields, which lists leave out, apart from `listActiveOf`. */
    readonly unlisted?: readonly string[];
  }) {
    this.#options = options;
    this.#runs = options.model as unknown as Model<{ readonly _id: string }>;
  }

  /** Lists runs, newest first. @param filter.after the last id of the previous page */
  list(filter: {
    readonly provider?: string | undefined;
    readonly connectionId?: string | undefined;
    readonly phases?: readonly Phase[] | undefined;
    readonly scope: ConnectionScope;
    readonly after?: string | undefined;
    readonly limit: number;
  }): Promise<Run[]> {
    const { provider, connectionId, phases, scope, after, limit } = filter;
    const query = {
      ...(provider === undefined ? {} : { provider }),
      $and: [inScope(scope), connectionId === undefined ? {} : { connectionId }],
      ...(phases === undefined ? {} : { phase: { $in: phases } }),
      ...(after === undefined ? {} : { _id: { $lt: after } }),
    };
    return this.#listSorted(query, { sort: { _id: -1 }, limit });
  }

  /** Lists those of the runs that have completed. */
  listCompletedOf(ids: readonly string[]): Promise<UsualRun<Run>[]> {
    return this.#listSorted({ _id: { $in: ids }, phase: 'completed' }, { sort: { _id: 1 }, fields: usualFields });
  }

  /** How long the last runs of a connection took that completed: the median of up to five. @returns undefined if there is none */
  async usualMs(connectionId: string): Promise<number | undefined> {
    const ended = await this.#runs.aggregate<{ readonly createdAt: Date; readonly completedAt: Date }>([
      { $match: { connectionId, phase: 'completed' } },
      { $sort: { _id: -1 } },
      { $limit: 5 },
      { $project: { createdAt: 1, completedAt: 1 } },
    ]);
    return median(ended.map(({ createdAt, completedAt }) => completedAt.getTime() - createdAt.getTime()));
  }

  /**
   * Counts the active runs, and those that have ended since `endedSince`. This takes two index scans, no matter how many older runs
   * are stored.
   */
  async countByPhase(endedSince: Date): Promise<ReadonlyMap<string, number>> {
    const count = (filter: object) =>
      this.#runs.aggregate<{ readonly _id: string; readonly count: number }>([
        { $match: filter },
        { $group: { _id: '$phase', count: { $sum: 1 } } },
      ]);
    const groups = await Promise.all([
      count({ active: true }),
      count({ completedAt: { $gte: endedSince }, active: false }),
    ]);
    return new Map(groups.flat().map(({ _id, count }) => [_id, count]));
  }

  /** Lists the runs that have not ended, the oldest first. It reads an index and at most `limit` records. Default: no limit. */
  listActive(limit?: number): Promise<Run[]> {
    return this.#listSorted({ active: true }, { sort: { _id: 1 }, ...(limit === undefined ? {} : { limit }) });
  }

  /** The runs of a connection that have not ended. */
  listActiveOf(connectionId: string): Promise<Run[]> {
    return this.#listSorted({ connectionId, active: true }, { sort: { _id: 1 }, isWhole: true });
  }

  async isActive(id: string): Promise<boolean> {
    return (await this.#runs.exists({ _id: id, active: true } as object)) !== null;
  }

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
    const oldest = await this.#runs
      .findOne({ connectionId, $or: pending } as object, { createdAt: 1 })
      .sort({ createdAt: 1 })
      .lean<{ readonly createdAt: Date }>();
    return oldest?.createdAt;
  }

  /** Lists the runs that have failed since `since`, the last failure first. It reads an index and at most `limit` records. */
  listFailed({ since, limit }: { readonly since: Date; readonly limit: number }): Promise<Run[]> {
    return this.#listSorted(
      { completedAt: { $gte: since }, phase: { $in: this.#options.failedPhases } },
      { sort: { completedAt: -1 }, limit },
    );
  }

  /** Lists the runs that have ended from `since` until before `until`, the first end first. It reads an index and at most `limit` records. */
  listEnded(filter: { readonly since: Date; readonly until: Date; readonly limit: number }): Promise<Run[]> {
    const { since, until, limit } = filter;
    return this.#listSorted(
      { completedAt: { $gte: since, $lt: until }, active: false },
      { sort: { completedAt: 1 }, limit },
    );
  }

  /**
   * Lists the newest run of each connection that has ended and was not cancelled, and when the last completed run of each schedule was
   * created. It walks an index and reads one record for each connection, in two commands.
   */
  async listNewestEnded(): Promise<{
    readonly newest: readonly NewestRun<Run>[];
    readonly completed: readonly LastCompleted[];
  }> {
    const groups = await this.#runs
      .aggregate<EndedGroup>([
        { $match: { phase: { $in: this.#options.endPhases } } },
        {
          $group: {
            _id: { connectionId: '$connectionId', scheduleId: '$scheduleId', phase: '$phase' },
            id: { $max: '$_id' },
            createdAt: { $max: '$createdAt' },
          },
        },
      ])
      .option({ batchSize: wholeBatch });
    // Ids have the order of creation.
    const newestIds = [...Map.groupBy(groups, ({ _id }) => _id.connectionId).values()].flatMap((ofConnection) =>
      ofConnection
        .map(({ id }) => id)
        .toSorted()
        .slice(-1),
    );
    return {
      newest: await this.#listSorted({ _id: { $in: newestIds } }, { sort: { _id: 1 }, fields: endedFields }),
      completed: groups
        .filter(({ _id }) => _id.phase === 'completed')
        .map(({ _id: { connectionId, scheduleId }, createdAt }) => ({
          connectionId,
          createdAt,
          ...(scheduleId == null ? {} : { scheduleId }),
        })),
    };
  }

  /** Lists the ended runs whose clients have not been notified yet. */
  listUnnotifiedIds() {
    return findIds(this.#runs, { notify: 'due' } as object);
  }

  async markNotified({ id, version }: { readonly id: string; readonly version: number }): Promise<void> {
    await this.#runs.updateOne({ _id: id, version, notify: 'due' } as object, { $set: { notify: 'done' } });
  }

  async #listSorted(
    filter: object,
    page: {
      readonly sort: Record<string, 1 | -1>;
      readonly limit?: number;
      readonly isWhole?: boolean;
      /** Only these. */
      readonly fields?: readonly string[];
    },
  ) {
    // MongoDB reads no limit as 0.
    const { sort, limit = 0, isWhole = false, fields } = page;
    const unlisted = isWhole ? [] : (this.#options.unlisted ?? []);
    const projection = Object.fromEntries(fields?.map((name) => [name, 1]) ?? unlisted.map((name) => [name, 0]));
    const documents = await this.#runs.find(filter, projection).sort(sort).limit(limit).batchSize(wholeBatch).lean();
    return documents.map((document) => this.#options.toRecord(document as unknown as Document));
  }
}
