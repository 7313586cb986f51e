import type { Database, Named } from '../connection/database.ts';

/** The result of one call of a step. */
export interface RetentionBatch {
  readonly deleted: number;
  /** False if this pass has ended and the next one is not due yet. */
  readonly hasMore: boolean;
}

export interface RetentionRequest {
  readonly now: Date;
  /** Records that are not older than this are kept. */
  readonly olderThan: Date;
  /** How many records one call reads. */
  readonly limit: number;
}

/** Deletes the due records among the next `limit` records of its kind. */
export type RetentionStep = (request: RetentionRequest) => Promise<RetentionBatch>;

interface PassDocument {
  /** The kind of record. */
  readonly _id: string;
  readonly startedAt: Date;
  /** The id of the last record that the pass has read. */
  readonly after?: string;
  readonly endedAt?: Date;
  /** How many records this pass has deleted. */
  readonly deleted: number;
  /** The retention setting of the worker that ran the last part of the pass. */
  readonly keptDays?: number;
  /** Records that are older may have been deleted by this pass or an earlier one. */
  readonly deletedBefore?: Date;
  /** Ids of records that are being deleted. Their parts may still exist. */
  readonly deleting?: readonly string[];
}

const dayMs = 24 * 60 * 60_000;

/** Retention is in days, so one pass a day is enough. It is an hour less, so that a daily job is never a few seconds too early. */
const passEveryMs = 23 * 60 * 60_000;

/** `retention`: the position of the pass over the records of a kind, so that the next job continues there. */
export class RetentionPass {
  readonly #database: Database;
  readonly #kind: string;

  constructor({ database, kind }: { readonly database: Database; readonly kind: string }) {
    this.#database = database;
    this.#kind = kind;
  }

  /**
   * Runs the next part of the pass.
   * @param visit processes up to `limit` records behind `after`
   */
  async advance(
    { now, olderThan }: Pick<RetentionRequest, 'now' | 'olderThan'>,
    visit: (after: string) => Promise<{ readonly deleted: number; readonly last: string | undefined }>,
  ): Promise<RetentionBatch> {
    const pass = await this.#begin(now);
    if (!pass) return { deleted: 0, hasMore: false };
    const { deleted, last } = await visit(pass.after ?? '');
    const keptDays = Math.round((now.getTime() - olderThan.getTime()) / dayMs);
    const isEnd = last === undefined;
    const set = { keptDays, ...(isEnd ? { endedAt: now } : { after: last }) };
    const change = { $set: set, $inc: { deleted }, ...(isEnd ? { $unset: { after: 1 } as const } : {}) };
    await this.#passes().updateOne({ _id: this.#kind }, change);
    return { deleted, hasMore: last !== undefined };
  }

  /** Returns a step over the records of a collection in the order of ids. */
  stepOver<Record extends Named>(options: {
    readonly collection: string;
    /** Selects the records that can be due. Default: all. */
    readonly filter?: (olderThan: Date) => object;
    readonly projection?: object;
    /** Deletes the due records of a page. @returns how many */
    readonly deleteDue: (page: readonly Record[], request: RetentionRequest) => Promise<number>;
  }): RetentionStep {
    const { collection, filter = () => ({}), projection = {}, deleteDue } = options;
    return (request) =>
      this.advance(request, async (after) => {
        const { olderThan, limit } = request;
        const records = await this.#database
          .collection<Named>(collection)
          .find({ _id: { $gt: after }, ...filter(olderThan) }, { projection })
          .sort({ _id: 1 })
          .limit(limit)
          .toArray();
        return { deleted: await deleteDue(records as never, request), last: endOf(records, limit) };
      });
  }

  /** Called before a record is deleted, so that its parts are found after a crash. */
  async noteDeleting(ids: readonly string[]): Promise<void> {
    await this.#passes().updateOne({ _id: this.#kind }, { $addToSet: { deleting: { $each: [...ids] } } });
  }

  async noteDeleted(ids: readonly string[]): Promise<void> {
    await this.#passes().updateOne({ _id: this.#kind }, { $pull: { deleting: { $in: [...ids] } } });
  }

  /** Called before records that are older are deleted. */
  async noteDeletedBefore(time: Date): Promise<void> {
    await this.#passes().updateOne({ _id: this.#kind }, { $max: { deletedBefore: time } });
  }

  /** @returns undefined if nothing was deleted yet */
  async readDeletedBefore(): Promise<Date | undefined> {
    return (await this.#passes().findOne({ _id: this.#kind }))?.deletedBefore;
  }

  async listDeleting(): Promise<readonly string[]> {
    return (await this.#passes().findOne({ _id: this.#kind }))?.deleting ?? [];
  }

  async #begin(now: Date): Promise<PassDocument | undefined> {
    const pass = await this.#passes().findOne({ _id: this.#kind });
    if (pass && !pass.endedAt) return pass;
    if (pass && now.getTime() - pass.startedAt.getTime() < passEveryMs) return undefined;
    await this.#passes().updateOne(
      { _id: this.#kind },
      { $set: { startedAt: now, deleted: 0 }, $unset: { endedAt: 1, after: 1 } },
      { upsert: true },
    );
    return { _id: this.#kind, startedAt: now, deleted: 0 };
  }

  #passes() {
    return this.#database.collection<PassDocument>('retention');
  }
}

/**
 * Starts the passes that are under way again from their beginning, because the last id that a pass has read can be of an erased connection or
 * of its records. It costs a repetition.
 */
export async function restartRetention(database: Database): Promise<void> {
  await database.collection<PassDocument>('retention').updateMany({}, { $unset: { after: 1 } });
}

/** The last pass over each kind of record. */
export interface RetentionState {
  readonly kind: string;
  readonly startedAt: Date;
  readonly endedAt?: Date;
  readonly deleted: number;
  readonly keptDays?: number;
}

export async function listRetentionStates(database: Database): Promise<RetentionState[]> {
  const passes = await database.collection<PassDocument>('retention').find().sort({ _id: 1 }).toArray();
  return passes.map(({ _id: kind, after: _after, deleting: _deleting, deletedBefore: _before, ...fields }) => ({
    kind,
    ...fields,
  }));
}

/** The last id of a page, or undefined if no records follow it. */
export function endOf(page: readonly Named[], limit: number): string | undefined {
  return page.length < limit ? undefined : page.at(-1)?._id;
}
