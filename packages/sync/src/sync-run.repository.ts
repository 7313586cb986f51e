import { createActiveExportRepository } from '@bulkhead/bulk-export';
import {
  type ConnectionScope,
  countByPhase,
  inScope,
  isDuplicateKey,
  mongooseFieldsOf,
  type Stored,
} from '@bulkhead/store';
import { type Connection as Database, Schema } from 'mongoose';
import { z } from 'zod';
import { type SyncRun, syncRunSchema } from './sync-run.record.ts';
import { isSyncActive, type SyncRunPhase } from './sync-run-phase.ts';

const documentSchema = syncRunSchema.extend({ active: z.boolean() });
type SyncRunDocument = Stored<typeof documentSchema>;

export type SyncRunChange = Partial<
  Pick<SyncRun, 'types' | 'skipped' | 'patientCount' | 'warnings' | 'error' | 'startedAt' | 'completedAt'>
>;

const schema = new Schema<SyncRunDocument>(mongooseFieldsOf(documentSchema), {
  collection: 'sync_runs',
  versionKey: false,
  minimize: false,
  strict: 'throw',
});
schema.index({ active: 1, _id: 1 });
schema.index({ connectionId: 1, _id: -1 });
schema.index({ notify: 1, _id: 1 });
schema.index({ completedAt: 1, phase: 1 });

/** `sync_runs`: the truth about every enhanced sync. */
export function createSyncRunRepository(database: Database) {
  const model = database.model('SyncRun', schema);
  const claims = createActiveExportRepository({ database, runs: 'sync_runs' });
  const claimRequest = ({ id, connectionId, now }: { id: string; connectionId: string; now: Date }) =>
    claims.claim({ key: `${connectionId}/sync`, exportId: id, now });
  return {
    /**
     * Adds a run; the same one a second time changes nothing.
     * @returns the id of the run that is active for the connection: the given one's where it was added.
     */
    async insert({ id, ...fields }: SyncRun): Promise<string> {
      const holder = await claimRequest({ id, connectionId: fields.connectionId, now: fields.createdAt });
      if (holder !== id) return holder;
      try {
        await model.create({ _id: id, ...fields, active: true });
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      return id;
    },

    async find(id: string): Promise<SyncRun | undefined> {
      const document = await model.findById(id).lean();
      return document ? toRecord(document) : undefined;
    },

    /** Newest first. */
    async list(filter: {
      readonly provider: string;
      readonly connectionId?: string | undefined;
      readonly scope: ConnectionScope;
      readonly limit: number;
    }): Promise<SyncRun[]> {
      const { provider, connectionId, scope, limit } = filter;
      const documents = await model
        .find({ provider, $and: [inScope(scope), connectionId === undefined ? {} : { connectionId }] })
        .sort({ _id: -1 })
        .limit(limit)
        .lean();
      return documents.map(toRecord);
    },

    /** Those under way, and those that have ended since then. */
    countByPhase: (endedSince: Date): Promise<ReadonlyMap<string, number>> => countByPhase(model, endedSince),

    /** The last run that brought everything. @param which.scheduleId left out: whoever started it. */
    async findLastCompleted(which: {
      readonly connectionId: string;
      readonly scheduleId?: string;
    }): Promise<Pick<SyncRun, 'createdAt'> | undefined> {
      const query = model.findOne({ ...which, phase: 'completed' }, { createdAt: 1 }).sort({ _id: -1 });
      return (await query.lean()) ?? undefined;
    },

    async listActive(): Promise<SyncRun[]> {
      const documents = await model.find({ active: true }).sort({ _id: 1 }).lean();
      return documents.map(toRecord);
    },

    /** Moves a run on if it is still as `from` describes it. @returns undefined where another process was first. */
    async transition(options: {
      readonly from: Pick<SyncRun, 'id' | 'phase' | 'version'>;
      readonly to: SyncRunPhase;
      readonly change?: SyncRunChange;
    }): Promise<SyncRun | undefined> {
      const { from, to, change = {} } = options;
      const document = await model
        .findOneAndUpdate(
          { _id: from.id, phase: from.phase, version: from.version },
          {
            $set: { ...change, phase: to, active: isSyncActive(to), ...(isSyncActive(to) ? {} : { notify: 'due' }) },
            $inc: { version: 1 },
          },
          { returnDocument: 'after' },
        )
        .lean();
      return document ? toRecord(document) : undefined;
    },

    /**
     * Takes an ended run up again, for its failed searches.
     * @returns undefined where it has changed meanwhile or another run of the connection is active.
     */
    async reopen({ from, now }: { readonly from: SyncRun; readonly now: Date }): Promise<SyncRun | undefined> {
      const { id, connectionId, phase, version } = from;
      if ((await claimRequest({ id, connectionId, now })) !== id) return undefined;
      const to: SyncRunPhase = from.patientCount === undefined ? 'queued' : 'running';
      const document = await model
        .findOneAndUpdate(
          { _id: id, phase, version },
          { $set: { phase: to, active: true }, $unset: { error: 1, completedAt: 1 }, $inc: { version: 1 } },
          { returnDocument: 'after' },
        )
        .lean();
      return document ? toRecord(document) : undefined;
    },

    /** Ended runs whose clients are still to be told. */
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
