import { createActiveExportRepository } from '@bulkhead/bulk-export';
import {
  byTime,
  type ConnectionScope,
  countByPhase,
  endedIn,
  inScope,
  isDuplicateKey,
  lastEvents,
  mongooseSchemaOf,
  phaseEvent,
  type Stored,
  usualDurationMs,
} from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';
import { z } from 'zod';
import { type NewSearchEvent, type SyncEvent, syncEventSchema } from './sync-event.record.ts';
import { type SyncRun, syncRunSchema } from './sync-run.record.ts';
import { isSyncActive, type SyncRunPhase } from './sync-run-phase.ts';

const documentSchema = syncRunSchema.extend({
  /** See `listEvents`. Other reads leave them out. */
  events: z.array(syncEventSchema).exactOptional(),
  searchEvents: z.array(syncEventSchema).exactOptional(),
  active: z.boolean(),
});
type SyncRunDocument = Stored<typeof documentSchema>;

export type SyncRunChange = Partial<
  Pick<SyncRun, 'types' | 'skipped' | 'patientCount' | 'warnings' | 'error' | 'startedAt' | 'completedAt'>
>;

const schema = mongooseSchemaOf(documentSchema, { collection: 'sync_runs', minimize: false });
for (const name of ['events', 'searchEvents']) schema.path(name).select(false);
schema.index({ active: 1, _id: 1 });
schema.index({ connectionId: 1, _id: -1 });
schema.index({ notify: 1, _id: 1 });
schema.index({ completedAt: 1, phase: 1 });
// `findLastCompleted`, of a connection whose syncs never complete.
schema.index({ connectionId: 1, phase: 1, _id: -1 });

/** `sync_runs`: the state of every enhanced sync. */
export function createSyncRunRepository(database: Database) {
  const model = database.model('SyncRun', schema);
  const claims = createActiveExportRepository({ database, runs: 'sync_runs' });
  const claimRequest = ({ id, connectionId, now }: { id: string; connectionId: string; now: Date }) =>
    claims.claim({ key: `${connectionId}/sync`, exportId: id, now });
  return {
    /**
     * Adds a run, unless another run of the connection is active. Adding the same run a second time changes nothing.
     * @returns the id of the connection's active run: that of `run` if it was added
     * @param by who has started it
     */
    async insert(run: SyncRun, by?: string): Promise<string> {
      const { id, ...fields } = run;
      const holder = await claimRequest({ id, connectionId: fields.connectionId, now: fields.createdAt });
      if (holder !== id) return holder;
      try {
        const events = [{ at: run.createdAt, ...phaseEvent({ phase: run.phase, by }) }];
        await model.create({ _id: id, ...fields, active: true, events });
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      return id;
    },

    async find(id: string): Promise<SyncRun | undefined> {
      const document = await model.findById(id).lean();
      return document ? toRecord(document) : undefined;
    },

    /** Lists runs, newest first. @param filter.after the last id of the previous page */
    async list(filter: {
      readonly provider: string;
      readonly connectionId?: string | undefined;
      readonly scope: ConnectionScope;
      readonly after?: string | undefined;
      readonly limit: number;
    }): Promise<SyncRun[]> {
      const { provider, connectionId, scope, after, limit } = filter;
      const documents = await model
        .find({
          provider,
          $and: [inScope(scope), connectionId === undefined ? {} : { connectionId }],
          ...(after === undefined ? {} : { _id: { $lt: after } }),
        })
        .sort({ _id: -1 })
        .limit(limit)
        .lean();
      return documents.map(toRecord);
    },

    /** Counts the active runs, and those that have ended since `endedSince`. */
    countByPhase: (endedSince: Date): Promise<ReadonlyMap<string, number>> => countByPhase(model, endedSince),

    /** Finds the last run that completed. @param filter.scheduleId the schedule that started it. If absent, any run counts */
    async findLastCompleted(filter: {
      readonly connectionId: string;
      readonly scheduleId?: string;
    }): Promise<Pick<SyncRun, 'createdAt'> | undefined> {
      const query = model.findOne({ ...filter, phase: 'completed' }, { createdAt: 1 }).sort({ _id: -1 });
      return (await query.lean()) ?? undefined;
    },

    /** Lists the runs that have failed in whole or in part since `since`, the last first. It reads an index and at most `limit` records. */
    async listFailed({ since, limit }: { readonly since: Date; readonly limit: number }): Promise<SyncRun[]> {
      const phases: SyncRunPhase[] = ['failed', 'partial'];
      const failed = { completedAt: { $gte: since }, phase: { $in: phases } };
      return (await model.find(failed).sort({ completedAt: -1 }).limit(limit).lean()).map(toRecord);
    },

    /** Lists the runs that have ended in a time, the first end first. It reads an index and at most `limit` records. */
    async listEnded(filter: {
      readonly since: Date;
      readonly until: Date;
      readonly limit: number;
    }): Promise<SyncRun[]> {
      return (await model.find(endedIn(filter)).sort({ completedAt: 1 }).limit(filter.limit).lean()).map(toRecord);
    },

    /** Lists the runs that have not ended, the oldest first. It reads an index and at most `limit` records. */
    async listOldestActive(limit: number): Promise<SyncRun[]> {
      return (await model.find({ active: true }).sort({ _id: 1 }).limit(limit).lean()).map(toRecord);
    },

    /** Finds the newest run of a connection that has ended and was not cancelled. It walks the index of the connection from its end. */
    async findNewestEnded(connectionId: string): Promise<SyncRun | undefined> {
      const phases: SyncRunPhase[] = ['completed', 'partial', 'failed'];
      const document = await model
        .findOne({ connectionId, phase: { $in: phases } })
        .sort({ _id: -1 })
        .lean();
      return document ? toRecord(document) : undefined;
    },

    usualMs: (connectionId: string): Promise<number | undefined> => usualDurationMs(model, connectionId),

    async listActive(): Promise<SyncRun[]> {
      const documents = await model.find({ active: true }).sort({ _id: 1 }).lean();
      return documents.map(toRecord);
    },

    /** Moves a run to its next phase if it is still as `from` describes it. @returns undefined if another process changed it first */
    async transition(options: {
      readonly from: Pick<SyncRun, 'id' | 'phase' | 'version'>;
      readonly to: SyncRunPhase;
      readonly change?: SyncRunChange;
      /** Who has asked for it. */
      readonly by?: string | undefined;
    }): Promise<SyncRun | undefined> {
      const { from, to, change = {}, by } = options;
      const document = await model
        .findOneAndUpdate(
          { _id: from.id, phase: from.phase, version: from.version },
          {
            $set: { ...change, phase: to, active: isSyncActive(to), ...(isSyncActive(to) ? {} : { notify: 'due' }) },
            $inc: { version: 1 },
            $push: { events: lastEvents(phaseEvent({ phase: to, by, error: change.error })) },
          },
          { returnDocument: 'after' },
        )
        .lean();
      return document ? toRecord(document) : undefined;
    },

    /**
     * Resumes an ended run, for its failed searches.
     * @returns undefined if it has changed meanwhile or another run of the connection is active
     */
    async reopen(options: {
      readonly from: SyncRun;
      readonly now: Date;
      readonly by?: string | undefined;
    }): Promise<SyncRun | undefined> {
      const { from, now, by } = options;
      const { id, connectionId, phase, version } = from;
      if ((await claimRequest({ id, connectionId, now })) !== id) return undefined;
      const to: SyncRunPhase = from.patientCount === undefined ? 'queued' : 'running';
      const document = await model
        .findOneAndUpdate(
          { _id: id, phase, version },
          {
            $set: { phase: to, active: true },
            $unset: { error: 1, completedAt: 1 },
            $inc: { version: 1 },
            $push: { events: lastEvents(phaseEvent({ phase: to, by })) },
          },
          { returnDocument: 'after' },
        )
        .lean();
      return document ? toRecord(document) : undefined;
    },

    /** Notes that a search waits or has failed. Searches of one type with the same code share an event. */
    async noteSearchEvent({ id, event }: { readonly id: string; readonly event: NewSearchEvent }): Promise<void> {
      const { kind, resourceType, code } = event;
      const { matchedCount } = await model.updateOne(
        { _id: id, searchEvents: { $elemMatch: { kind, resourceType, code } } },
        { $inc: { 'searchEvents.$.count': 1 }, $set: { 'searchEvents.$.lastAt': new Date() } },
      );
      if (matchedCount === 0) {
        await model.updateOne({ _id: id }, { $push: { searchEvents: lastEvents({ ...event, count: 1 }) } });
      }
    },

    /** Lists what happened to a run, oldest first: the last `maxEvents` of the run and of its searches. */
    async listEvents(id: string): Promise<SyncEvent[]> {
      const document = await model.findById(id, { events: 1, searchEvents: 1 }).lean();
      const { events = [], searchEvents = [] } = document ?? {};
      return byTime([...events, ...searchEvents]);
    },

    /** Lists the ended runs whose clients have not been notified yet. */
    async listUnnotifiedIds(limit: number): Promise<string[]> {
      const documents = await model.find({ notify: 'due' }, { _id: 1 }).sort({ _id: 1 }).limit(limit).lean();
      return documents.map(({ _id }) => _id);
    },

    async markNotified({ id, version }: Pick<SyncRun, 'id' | 'version'>): Promise<void> {
      await model.updateOne({ _id: id, version, notify: 'due' }, { $set: { notify: 'done' } });
    },
  };
}

function toRecord({ _id, active: _active, ...fields }: SyncRunDocument): SyncRun {
  return { id: _id, ...fields };
}
