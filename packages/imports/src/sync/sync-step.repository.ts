import type { ErrorCode } from '@bulkhead/base';
import {
  type Claim,
  countIn,
  createClaims,
  createKeptOutTexts,
  findIds,
  mongooseSchemaOf,
  type PatientOfConnection,
  removeOthers,
  type StoreContext,
  type Stored,
  sumsOf,
  writeUnordered,
} from '@bulkhead/store';
import { z } from 'zod';
import { collections } from './collections.ts';
import { retriedSearch } from './sync-search.ts';
import {
  type StepRetry,
  type SyncSearch,
  type SyncStep,
  type SyncTypeCount,
  searchCounts,
  syncStepSchema,
} from './sync-step.record.ts';

export const syncStepDocumentSchema = syncStepSchema.extend({
  /** Names the attempt that may write. Progress of other attempts is rejected. */
  claim: z.string().exactOptional(),
  /** When the last page was read. */
  progressAt: z.date().exactOptional(),
});
type SyncStepDocument = Stored<typeof syncStepDocumentSchema>;

/** A search of a step, with its index in the step's list. */
export interface ChangedSearch {
  readonly index: number;
  readonly search: SyncSearch;
}

const unsettled: SyncStep['state'][] = ['pending', 'running'];

const schema = mongooseSchemaOf(syncStepDocumentSchema, { collection: collections.syncSteps, minimize: false });
schema.index({ runId: 1, state: 1 });
// For those who watch a run: its progress of the last minutes, and the few steps that wait.
schema.index({ runId: 1, progressAt: 1 });
// `findAsked`
schema.index({ 'target.resourceId': 1 }, { sparse: true });
schema.index({ 'retrying.since': -1 }, { sparse: true });

/** `sync_steps`: the searches of a run, with their progress. */
export class SyncStepRepository {
  readonly #gate;
  readonly #keptOutTexts;
  readonly #model;
  readonly #claims;

  constructor({ database, gate }: Omit<StoreContext, 'secretBox'>) {
    this.#gate = gate;
    const place = { database, collection: collections.syncSteps };
    this.#keptOutTexts = createKeptOutTexts({ ...place, gate, schema: syncStepDocumentSchema });
    this.#model = database.model('SyncStep', schema);
    this.#claims = createClaims<SyncStepDocument>({ ...place, running: 'running', unsettled });
  }

  /** Removes the patients who are kept out from the texts of the settled steps of a run. */
  forgetKeptOut({ id: runId, connectionId }: { readonly id: string; readonly connectionId: string }): Promise<void> {
    return this.#keptOutTexts.forget(connectionId, { runId, state: { $nin: unsettled } });
  }

  /** Adds steps that do not exist yet. Planning a run again changes nothing. */
  async insertMissing(steps: readonly SyncStep[]): Promise<void> {
    const [first] = steps;
    if (!first) return;
    const operations = steps.map(({ id, ...fields }) => ({
      updateOne: { filter: { _id: id }, update: { $setOnInsert: fields }, upsert: true },
    }));
    const write = () => writeUnordered(this.#model.collection, operations);
    await this.#gate.admit(first.connectionId, write);
  }

  /**
   * Finds which of these resources a run must not request: those that it has requested, and those that the EHR did not have, or sent nothing that
   * was stored, when an earlier run requested them after a time.
   */
  async findAsked(targets: {
    readonly connectionId: string;
    readonly runId: string;
    readonly resourceType: string;
    readonly ids: readonly string[];
    readonly missingSince: Date;
  }): Promise<ReadonlySet<string>> {
    const { connectionId, runId, resourceType, ids, missingSince } = targets;
    const search = { resourceType, state: 'completed' as const, requests: { $gt: 0 }, stored: 0 };
    const isMissing = { progressAt: { $gte: missingSince }, searches: { $elemMatch: search } };
    const steps = await this.#model
      .find(
        {
          'target.resourceId': { $in: [...ids] },
          connectionId,
          'searches.resourceType': resourceType,
          $or: [{ runId }, isMissing],
        },
        { target: 1 },
      )
      .lean();
    return new Set(steps.flatMap(({ target }) => target?.resourceId ?? []));
  }

  /** Whether a step that has not ended searches for the patient. */
  async hasUnsettledOf({ connectionId, patientId }: PatientOfConnection): Promise<boolean> {
    return (await this.#model.exists({ connectionId, patientIds: patientId, state: { $in: unsettled } })) !== null;
  }

  /** Removes steps that are not among `ids` and have not begun. They are from another plan of the run. */
  removeOthers(runId: string, ids: ReadonlySet<string>): Promise<number> {
    return removeOthers(this.#model, { filter: { runId }, ids });
  }

  listUnsettledIds(runId: string) {
    return findIds(this.#model, { runId, state: { $in: unsettled } });
  }

  count(runId: string): Promise<number> {
    return this.#model.countDocuments({ runId });
  }

  countOf(runIds: readonly string[]): Promise<number> {
    return countIn(this.#model, { field: 'runId', values: runIds });
  }

  countUnsettled(runId: string): Promise<number> {
    return this.#model.countDocuments({ runId, state: { $in: unsettled } });
  }

  /** Makes `claim` the only attempt that may write. @returns undefined if the step is settled */
  async claim(claim: Claim): Promise<SyncStep | undefined> {
    const document = await this.#claims.take(claim);
    if (!document) return undefined;
    const { _id, claim: _claim, progressAt: _progressAt, ...fields } = document;
    return { id: _id, ...fields };
  }

  /**
   * Commits the progress of searches.
   * @param options.pageReadAt when a page was read. Absent if a search has ended without a page, which is not progress of the run
   * @returns false if the run was cancelled or another attempt has taken over
   */
  saveSearches(
    claim: Claim,
    { searches, pageReadAt }: { readonly searches: readonly ChangedSearch[]; readonly pageReadAt?: Date },
  ): Promise<boolean> {
    const change = {
      ...toChange(searches),
      // The current attempt.
      attempts: 1,
      ...(pageReadAt === undefined ? {} : { progressAt: pageReadAt }),
    };
    return this.#claims.update(claim, { $set: change, $unset: { retrying: 1 } });
  }

  /** Records that an attempt ended without a page, and why. A wait does not count as an attempt. */
  async noteRetry(
    claim: Claim,
    { searches, retrying }: { readonly searches: readonly ChangedSearch[]; readonly retrying: StepRetry },
  ): Promise<void> {
    await this.#claims.update(claim, {
      $set: { ...toChange(searches), retrying },
      ...(retrying.state === 'waiting' ? { $inc: { attempts: -1 } } : {}),
    });
  }

  /** Whether any step of a run has read a page since `since`. */
  async hasProgress({ runId, since }: { readonly runId: string; readonly since: Date }): Promise<boolean> {
    return (await this.#model.exists({ runId, progressAt: { $gt: since } })) !== null;
  }

  /** Counts the searches of the steps that have ended since `since`. */
  async countDoneSince({ runId, since }: { readonly runId: string; readonly since: Date }): Promise<number> {
    const ended: SyncStep['state'][] = ['completed', 'failed'];
    const [sum] = await this.#model.aggregate<{ readonly count: number }>([
      { $match: { runId, state: { $in: ended }, progressAt: { $gt: since } } },
      { $group: { _id: null, count: { $sum: { $size: '$searches' } } } },
    ]);
    return sum?.count ?? 0;
  }

  /** Lists why steps of a run wait or are retried, the newest first. */
  async listRetrying({ runId, limit }: { readonly runId: string; readonly limit: number }): Promise<StepRetry[]> {
    const documents = await this.#model
      .find({ runId, state: { $in: unsettled }, 'retrying.since': { $gt: new Date(0) } }, { retrying: 1 })
      .sort({ 'retrying.since': -1, _id: 1 })
      .limit(limit)
      .lean();
    return documents.flatMap(({ retrying }) => retrying ?? []);
  }

  settle(claim: Claim, state: 'completed' | 'failed'): Promise<boolean> {
    return this.#claims.update(claim, { $set: { state }, $unset: { retrying: 1 } });
  }

  async cancelUnsettled(runId: string): Promise<void> {
    await this.#claims.settleAll({ runId }, { $set: { state: 'cancelled' }, $unset: { retrying: 1 } });
  }

  /** Corrects the counts of a settled step after entries have left the quarantine: they are now counted as stored or withheld. */
  async recountRejected(options: {
    readonly id: string;
    readonly resourceType: string;
    readonly rejected: number;
    /** Entries of erased patients. */
    readonly withheld: number;
  }): Promise<void> {
    const { id, resourceType, rejected, withheld } = options;
    for (;;) {
      const step = await this.#model.findOne({ _id: id, state: { $nin: unsettled } }).lean();
      const index = step?.searches.findIndex((search) => search.resourceType === resourceType) ?? -1;
      const search = step?.searches[index];
      if (!search || search.rejected === rejected) return;
      const at = `searches.${index}`;
      const newlyWithheld = withheld - (search.withheldEntries ?? 0);
      const stored = search.stored + search.rejected - rejected - newlyWithheld;
      const withheldCounts = {
        [`${at}.withheld`]: (search.withheld ?? 0) + newlyWithheld,
        [`${at}.withheldEntries`]: withheld,
      };
      const { matchedCount } = await this.#model.updateOne(
        { _id: id, state: { $nin: unsettled }, [`${at}.rejected`]: search.rejected },
        {
          $set: {
            [`${at}.stored`]: stored,
            [`${at}.rejected`]: rejected,
            ...(withheld > 0 ? withheldCounts : {}),
          },
        },
      );
      if (matchedCount === 1) return;
    }
  }

  /** Makes the failed and the incomplete searches of a run pending again. The others do not change. */
  async retryFailed(runId: string): Promise<number> {
    const documents = await this.#model.find({ runId, state: 'failed' as const }).lean();
    for (const { _id, searches } of documents) {
      await this.#model.updateOne(
        { _id, state: 'failed' as const },
        { $set: { searches: searches.map(retriedSearch), state: 'pending' as const, attempts: 0 } },
      );
    }
    return documents.length;
  }

  /** Adds up the counts by type, in the order of the type names. */
  async sumByType(runId: string): Promise<SyncTypeCount[]> {
    const count = (state: string) => ({ $sum: { $cond: [{ $eq: ['$searches.state', state] }, 1, 0] } });
    const rows = await this.#model.aggregate([
      { $match: { runId } },
      { $unwind: '$searches' },
      {
        $group: {
          _id: '$searches.resourceType',
          searches: { $sum: 1 },
          completed: count('completed'),
          incomplete: count('incomplete'),
          failed: count('failed'),
          ...sumsOf(searchCounts, '$searches'),
        },
      },
      { $sort: { _id: 1 } },
    ]);
    return rows.map(({ _id, laterIncomplete, withheld, ...counts }) => ({
      resourceType: _id,
      ...counts,
      ...(laterIncomplete > 0 ? { laterIncomplete } : {}),
      ...(withheld > 0 ? { withheld } : {}),
    }));
  }

  /** Adds up the promised and the received matches of the incomplete searches of a run, by type. */
  async sumIncomplete(
    runId: string,
  ): Promise<readonly { readonly resourceType: string; readonly total: number; readonly matched: number }[]> {
    return this.#model.aggregate([
      { $match: { runId, state: 'failed' } },
      { $unwind: '$searches' },
      { $match: { 'searches.state': 'incomplete' } },
      {
        $group: {
          _id: '$searches.resourceType',
          total: { $sum: '$searches.total' },
          matched: { $sum: '$searches.matched' },
        },
      },
      { $match: { total: { $gt: 0 } } },
      { $sort: { _id: 1 } },
      { $project: { _id: 0, resourceType: '$_id', total: 1, matched: 1 } },
    ]);
  }

  /**
   * Whether the EHR has refused this many searches of a type, and every other one that has ended too, with the same code. An answer to one
   * patient shows that the refusals are about others.
   */
  async isTypeRefused(type: {
    readonly runId: string;
    readonly resourceType: string;
    readonly code: ErrorCode;
    readonly limit: number;
  }): Promise<boolean> {
    const { runId, resourceType, code, limit } = type;
    const other = { resourceType, state: { $ne: 'pending' as const }, 'error.code': { $ne: code } };
    if (await this.#model.exists({ runId, searches: { $elemMatch: other } })) return false;
    const same = { resourceType, state: 'failed' as const, 'error.code': code };
    return (await this.#model.find({ runId, searches: { $elemMatch: same } }, { _id: 1 }).limit(limit)).length >= limit;
  }

  /** Lists one error for each type. */
  async listErrors(runId: string) {
    const documents = await this.#model
      .find({ runId, state: 'failed' as const })
      .limit(100)
      .lean();
    const failed = documents.flatMap(({ searches }) => searches.filter(({ error }) => error !== undefined));
    const byType = new Map(failed.map(({ resourceType, error }) => [resourceType, error]));
    return [...byType].flatMap(([resourceType, error]) => (error ? [{ resourceType, ...error }] : []));
  }
}

function toChange(searches: readonly ChangedSearch[]): Record<string, SyncSearch> {
  return Object.fromEntries(searches.map(({ index, search }) => [`searches.${index}`, search]));
}
