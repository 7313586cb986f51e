import type { AuditActor } from '@bulkhead/access';
import { type ConnectionScope, inScope } from '@bulkhead/store';
import { type Connection as Database, Schema } from 'mongoose';

interface ErasureDocument extends Omit<Erasure, 'id'> {
  readonly _id: string;
}

const schema = new Schema<ErasureDocument>(
  {
    _id: String,
    kind: { type: String, required: true },
    connectionId: { type: String, required: true },
    patientId: String,
    keepsOut: Boolean,
    phase: { type: String, required: true },
    version: { type: Number, required: true },
    found: Schema.Types.Mixed,
    deleted: { type: Schema.Types.Mixed, required: true },
    warnings: [{ _id: false, code: String, message: String }],
    error: Schema.Types.Mixed,
    requestedBy: { type: Schema.Types.Mixed, required: true },
    createdAt: { type: Date, required: true },
    stoppedAt: Date,
    completedAt: Date,
  },
  { collection: 'erasures', versionKey: false, minimize: false, strict: 'throw' },
);
schema.index({ connectionId: 1, _id: -1 });
schema.index({ phase: 1, _id: 1 });
// Every process that writes asks for the erased connections every two seconds.
schema.index({ kind: 1, connectionId: 1, phase: 1 });

type ErasureChange = Partial<Pick<Erasure, 'found' | 'stoppedAt' | 'completedAt'>>;

export type ErasureRepository = ReturnType<typeof createErasureRepository>;

/** `erasures`: the truth about every erasure. A record is kept for good: it is the proof, and it keeps late writers out. */
export function createErasureRepository(database: Database) {
  const model = database.model('Erasure', schema);
  return {
    async insert({ id, ...fields }: Erasure): Promise<void> {
      await model.create({ _id: id, ...fields });
    },

    async find(id: string): Promise<Erasure | undefined> {
      const document = await model.findById(id).lean();
      return document ? toRecord(document) : undefined;
    },

    /** Newest first. @param filter.after the last id of the page before. */
    async list(filter: {
      readonly connectionId?: string | undefined;
      readonly after?: string | undefined;
      readonly scope: ConnectionScope;
      readonly limit: number;
    }): Promise<Erasure[]> {
      const { connectionId, after, scope, limit } = filter;
      const documents = await model
        .find({
          $and: [inScope(scope), connectionId === undefined ? {} : { connectionId }],
          ...(after === undefined ? {} : { _id: { $lt: after } }),
        })
        .sort({ _id: -1 })
        .limit(limit)
        .lean();
      return documents.map(toRecord);
    },

    /** The erasure of a connection that is not done yet. */
    async findActive(which: Pick<Erasure, 'connectionId' | 'kind'> & { readonly patientId?: string }) {
      const document = await model.findOne({ ...which, phase: { $ne: 'completed' as const } }).lean();
      return document ? toRecord(document) : undefined;
    },

    async listActiveIds(): Promise<string[]> {
      const documents = await model
        .find({ phase: { $in: ['queued' as const, 'running' as const] } }, { _id: 1 })
        .sort({ _id: 1 })
        .lean();
      return documents.map(({ _id }) => _id);
    },

    /** The erasures of whole connections: nothing of these may be stored any more. */
    listErasedConnections: (): Promise<readonly Pick<Erasure, 'connectionId' | 'phase'>[]> =>
      model.find({ kind: 'connection' as const }, { _id: 0, connectionId: 1, phase: 1 }).lean(),

    /** Moves an erasure on if it is still as `from` describes it. @returns undefined where another process was first. */
    async transition(options: {
      readonly from: Pick<Erasure, 'id' | 'phase' | 'version'>;
      readonly to: Erasure['phase'];
      readonly change?: ErasureChange;
      readonly unset?: readonly ('patientId' | 'error')[];
    }): Promise<Erasure | undefined> {
      const { from, to, change = {}, unset = [] } = options;
      const document = await model
        .findOneAndUpdate(
          { _id: from.id, phase: from.phase, version: from.version },
          {
            $set: { ...change, phase: to },
            $inc: { version: 1 },
            ...(unset.length > 0 ? { $unset: Object.fromEntries(unset.map((field) => [field, 1])) } : {}),
          },
          { returnDocument: 'after' },
        )
        .lean();
      return document ? toRecord(document) : undefined;
    },

    async addDeleted({ id, amounts }: { readonly id: string; readonly amounts: DataAmounts }): Promise<void> {
      const { resources, records, contentBytes } = amounts;
      const more = [
        ...Object.entries(resources).map(([type, count]) => [`deleted.resources.${type}`, count] as const),
        ...Object.entries(records).map(([kind, count]) => [`deleted.records.${kind}`, count] as const),
        ['deleted.contentBytes', contentBytes] as const,
      ].filter(([, count]) => count > 0);
      if (more.length > 0) await model.updateOne({ _id: id }, { $inc: Object.fromEntries(more) });
    },

    async warn({ id, code, message }: { readonly id: string; readonly code: string; readonly message: string }) {
      await model.updateOne({ _id: id }, { $addToSet: { warnings: { code, message } } });
    },

    async noteError({ id, error }: { readonly id: string; readonly error: NonNullable<Erasure['error']> }) {
      await model.updateOne({ _id: id, phase: { $ne: 'completed' as const } }, { $set: { error } });
    },
  };
}

function toRecord({ _id, ...fields }: ErasureDocument): Erasure {
  return { id: _id, ...fields };
}

export const erasurePhases = ['queued', 'running', 'completed'] as const;
/** `queued` → `running` → `completed`. An erasure never fails for good: what stops it is tried again until it is done. */
export type ErasurePhase = (typeof erasurePhases)[number];

/** Numbers by name. What there is none of is left out. */
export type NumbersByName = Readonly<Record<string, number>>;

/** How much is stored, or was deleted. */
export interface DataAmounts {
  /** By resource type, without tombstones. */
  readonly resources: NumbersByName;
  /** Every other record, by kind. */
  readonly records: NumbersByName;
  /** Of the contents of documents, as the EHR sent them. */
  readonly contentBytes: number;
}

export const noAmounts: DataAmounts = { resources: {}, records: {}, contentBytes: 0 };

/** The deletion of everything that is stored of a connection, or of one of its patients. */
export interface Erasure {
  readonly id: string;
  readonly kind: 'connection' | 'patient';
  readonly connectionId: string;
  /** Of a patient, until the erasure has completed: then nothing but the audit log names the patient. */
  readonly patientId?: string;
  /** Of a patient: whether resources of the patient are not stored again. */
  readonly keepsOut?: boolean;
  readonly phase: ErasurePhase;
  readonly version: number;
  /** What there was once nothing wrote for the connection any more. */
  readonly found?: DataAmounts;
  /** What was deleted so far: progress. A crash can leave the last batch uncounted. */
  readonly deleted: DataAmounts;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  /** Why the last attempt stopped. */
  readonly error?: { readonly code: string; readonly message: string };
  readonly requestedBy: AuditActor;
  readonly createdAt: Date;
  /** When the work for the connection was stopped: what was written by then, or just after, is found by a later pass. */
  readonly stoppedAt?: Date;
  readonly completedAt?: Date;
}
