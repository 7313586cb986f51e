import { AppError, type BulkExport, type BulkExportPhase, canFollow, isTerminal } from '@bulkhead/domain';
import { type Connection as Database, Schema } from 'mongoose';
import { createActiveExportRepository } from './active-export.repository.ts';

interface BulkExportDocument extends Omit<BulkExport, 'id'> {
  readonly _id: string;
  readonly active: boolean;
  readonly lease?: { readonly owner: string; readonly until: Date };
}

export type BulkExportChange = Partial<
  Omit<BulkExport, 'id' | 'phase' | 'version' | 'request' | 'connectionId' | 'createdAt' | 'warnings'>
>;

const schema = new Schema<BulkExportDocument>(
  {
    _id: String,
    connectionId: { type: String, required: true },
    provider: { type: String, required: true },
    request: { type: Schema.Types.Mixed, required: true },
    active: { type: Boolean, required: true },
    phase: { type: String, required: true },
    version: { type: Number, required: true },
    statusUrl: String,
    kickedOffAt: Date,
    notBefore: Date,
    progress: String,
    pollCount: { type: Number, required: true },
    pollErrors: { type: Number, required: true },
    transactionTime: String,
    requiresAccessToken: Boolean,
    droppedParameters: [String],
    warnings: [{ _id: false, code: String, message: String }],
    counts: { type: Schema.Types.Mixed, required: true },
    error: Schema.Types.Mixed,
    lease: { type: { owner: String, until: Date }, _id: false },
    createdAt: { type: Date, required: true },
    completedAt: Date,
  },
  { collection: 'bulk_exports', versionKey: false, minimize: false, strict: 'throw' },
);
schema.index({ active: 1, _id: 1 });
schema.index({ connectionId: 1, createdAt: -1 });

/** `bulk_exports`: the truth about every export. */
export function createBulkExportRepository(database: Database) {
  const model = database.model('BulkExport', schema);
  const activeExports = createActiveExportRepository(database);
  return {
    /** @throws AppError `export-already-running`, with the running one's id in `context.exportId`. */
    async insert({ record, requestKey }: { readonly record: BulkExport; readonly requestKey: string }): Promise<void> {
      const { id, connectionId, createdAt: now, ...fields } = record;
      const hasEnded = async (exportId: string) => {
        const holder = await model.findById(exportId, { active: 1 }).lean();
        return holder ? !holder.active : undefined;
      };
      const holder = await activeExports.take({ key: `${connectionId}/${requestKey}`, exportId: id, now, hasEnded });
      if (holder !== id) throw alreadyRunning(holder);
      await model.create({ _id: id, connectionId, createdAt: now, ...fields, active: true });
    },

    async find(id: string): Promise<BulkExport | undefined> {
      return toRecord(await model.findById(id).lean());
    },

    /** Every export that is not at its end, oldest id first. */
    async listActive(): Promise<BulkExport[]> {
      const documents = await model.find({ active: true }).sort({ _id: 1 }).lean();
      return documents.map((document) => toRecord(document));
    },

    /**
     * Moves an export to its next phase if it is still as `from` describes it.
     * @returns the new record, or undefined where another process was first.
     */
    async transition(options: {
      readonly from: Pick<BulkExport, 'id' | 'phase' | 'version'>;
      readonly to: BulkExportPhase;
      readonly change?: BulkExportChange;
    }): Promise<BulkExport | undefined> {
      const { from, to, change = {} } = options;
      if (!canFollow(from.phase, to)) throw new Error(`an export cannot go from ${from.phase} to ${to}`);
      const set = { ...change, phase: to, active: !isTerminal(to) };
      const document = await model
        .findOneAndUpdate(
          { _id: from.id, phase: from.phase, version: from.version },
          { $set: set, $inc: { version: 1 } },
          { returnDocument: 'after' },
        )
        .lean();
      return document ? toRecord(document) : undefined;
    },

    /** Writes progress without a transition, as long as the export is in `phase`. */
    async update(options: {
      readonly id: string;
      readonly phase: BulkExportPhase;
      readonly change: BulkExportChange;
    }): Promise<boolean> {
      const { id, phase, change } = options;
      const result = await model.updateOne({ _id: id, phase }, { $set: change });
      return result.matchedCount === 1;
    },

    /** Adds a warning once; its code and text are its identity. */
    async warn({ id, code, message }: { readonly id: string; readonly code: string; readonly message: string }) {
      await model.updateOne({ _id: id }, { $addToSet: { warnings: { code, message } } });
    },

    /**
     * Takes the right to do one step of an export, so that two overlapping iterations do not both ask the server.
     * @returns false while another owner's lease runs.
     */
    async takeLease(options: {
      readonly id: string;
      readonly owner: string;
      readonly now: Date;
      readonly until: Date;
    }): Promise<boolean> {
      const { id, owner, now, until } = options;
      const free = [{ lease: null }, { 'lease.until': { $lte: now } }, { 'lease.owner': owner }];
      const result = await model.updateOne({ _id: id, $or: free }, { $set: { lease: { owner, until } } });
      return result.matchedCount === 1;
    },

    async releaseLease({ id, owner }: { readonly id: string; readonly owner: string }): Promise<void> {
      await model.updateOne({ _id: id, 'lease.owner': owner }, { $unset: { lease: 1 } });
    },
  };
}

function toRecord(document: BulkExportDocument): BulkExport;
function toRecord(document: BulkExportDocument | null): BulkExport | undefined;
function toRecord(document: BulkExportDocument | null): BulkExport | undefined {
  if (document === null) return undefined;
  const { _id, active: _active, lease: _lease, ...fields } = document;
  return { id: _id, ...fields };
}

function alreadyRunning(exportId: string): AppError {
  return new AppError({
    code: 'export-already-running',
    message: 'The same export is already running for this connection. Follow that one, or cancel it first.',
    retry: 'never',
    context: { exportId },
  });
}
