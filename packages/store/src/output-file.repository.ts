import {
  type ExportCounts,
  emptyCheckpoint,
  type FileCheckpoint,
  noCounts,
  type OutputFile,
  type OutputFileState,
} from '@bulkhead/domain';
import { type Connection as Database, Schema } from 'mongoose';

interface OutputFileDocument extends Omit<OutputFile, 'id'> {
  readonly _id: string;
  /** Of the attempt that may write: a checkpoint of any other is refused. */
  readonly claim?: string;
}

/** Names one attempt at one file. */
export interface FileClaim {
  readonly id: string;
  readonly claim: string;
}

const unsettled: OutputFileState[] = ['pending', 'downloading'];

const schema = new Schema<OutputFileDocument>(
  {
    _id: String,
    exportId: { type: String, required: true },
    connectionId: { type: String, required: true },
    section: { type: String, required: true },
    type: { type: String, required: true },
    url: { type: String, required: true },
    requiresAccessToken: { type: Boolean, required: true },
    promisedCount: Number,
    state: { type: String, required: true },
    claim: String,
    checkpoint: { type: Schema.Types.Mixed, required: true },
    etag: String,
    attempts: { type: Number, required: true },
    error: Schema.Types.Mixed,
    startedAt: Date,
    completedAt: Date,
  },
  {
    collection: 'output_files',
    versionKey: false,
    minimize: false,
    strict: 'throw',
    suppressReservedKeysWarning: true,
  },
);
schema.index({ exportId: 1, state: 1 });

/** `output_files`: the ledger, one entry per file of a manifest. */
export function createOutputFileRepository(database: Database) {
  const model = database.model('OutputFile', schema);
  const settle = async ({ id, claim }: FileClaim, change: object): Promise<boolean> => {
    const result = await model.updateOne({ _id: id, claim, state: 'downloading' }, { $set: change });
    return result.matchedCount === 1;
  };
  return {
    /** Adds entries that are not there yet; the same manifest read twice changes nothing. */
    async insertMissing(files: readonly OutputFile[]): Promise<void> {
      if (files.length === 0) return;
      const operations = files.map(({ id, ...fields }) => ({
        updateOne: { filter: { _id: id }, update: { $setOnInsert: fields }, upsert: true },
      }));
      await model.collection.bulkWrite(operations as never[], { ordered: false });
    },

    async find(id: string): Promise<OutputFile | undefined> {
      const document = await model.findById(id).lean();
      return document ? toRecord(document) : undefined;
    },

    async listByExport(exportId: string): Promise<OutputFile[]> {
      const documents = await model.find({ exportId }).sort({ _id: 1 }).lean();
      return documents.map(toRecord);
    },

    async listUnsettledIds(exportId: string): Promise<string[]> {
      const documents = await model
        .find({ exportId, state: { $in: unsettled } }, { _id: 1 })
        .sort({ _id: 1 })
        .lean();
      return documents.map(({ _id }) => _id);
    },

    /**
     * Makes `claim` the only attempt that may write this file's progress.
     * @returns undefined where the file is settled already.
     */
    async claim({ id, claim }: FileClaim, now: Date): Promise<OutputFile | undefined> {
      const document = await model
        .findOneAndUpdate(
          { _id: id, state: { $in: unsettled } },
          [
            {
              $set: {
                state: 'downloading',
                claim,
                attempts: { $add: ['$attempts', 1] },
                startedAt: { $ifNull: ['$startedAt', now] },
              },
            },
          ],
          { returnDocument: 'after', updatePipeline: true },
        )
        .lean();
      return document ? toRecord(document) : undefined;
    },

    /** Commits progress. @returns false where another attempt has taken over: stop. */
    async saveCheckpoint(
      claim: FileClaim,
      { checkpoint, etag }: { readonly checkpoint: FileCheckpoint; readonly etag?: string | undefined },
    ): Promise<boolean> {
      return settle(claim, { checkpoint, ...(etag === undefined ? {} : { etag }) });
    },

    /** The file changed at the server, or cannot be continued: everything is read again. */
    async restart(claim: FileClaim): Promise<boolean> {
      const { id, claim: owner } = claim;
      const result = await model.updateOne(
        { _id: id, claim: owner, state: 'downloading' },
        { $set: { checkpoint: emptyCheckpoint }, $unset: { etag: 1 } },
      );
      return result.matchedCount === 1;
    },

    async complete(claim: FileClaim, { checkpoint, now }: { readonly checkpoint: FileCheckpoint; readonly now: Date }) {
      return settle(claim, { checkpoint, state: 'completed', completedAt: now });
    },

    /** Ends a file as failed; the export goes on without it and says so. */
    async fail(options: {
      readonly id: string;
      readonly error: { readonly code: string; readonly message: string };
      readonly now: Date;
    }): Promise<void> {
      const { id, error, now } = options;
      await model.updateOne(
        { _id: id, state: { $in: unsettled } },
        { $set: { state: 'failed', error, completedAt: now }, $unset: { claim: 1 } },
      );
    },

    /** Sums over an export's ledger. */
    async sum(exportId: string): Promise<ExportCounts> {
      const [row] = await model.aggregate<ExportCounts>([
        { $match: { exportId } },
        {
          $group: {
            _id: null,
            files: { $sum: 1 },
            filesCompleted: { $sum: { $cond: [{ $eq: ['$state', 'completed'] }, 1, 0] } },
            filesFailed: { $sum: { $cond: [{ $eq: ['$state', 'failed'] }, 1, 0] } },
            promised: { $sum: { $cond: [{ $eq: ['$section', 'output'] }, { $ifNull: ['$promisedCount', 0] }, 0] } },
            stored: { $sum: '$checkpoint.stored' },
            unchanged: { $sum: '$checkpoint.unchanged' },
            stale: { $sum: '$checkpoint.stale' },
            quarantined: { $sum: '$checkpoint.quarantined' },
            deleted: { $sum: '$checkpoint.deleted' },
            bytes: { $sum: '$checkpoint.bytes' },
          },
        },
        { $project: { _id: 0 } },
      ]);
      return row ?? noCounts;
    },
  };
}

function toRecord({ _id, claim: _claim, ...fields }: OutputFileDocument): OutputFile {
  return { id: _id, ...fields };
}
