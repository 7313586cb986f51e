import type { WarningCode } from '@bulkhead/base';
import {
  type ConnectionScope,
  type DataAmounts,
  type Database,
  findIds,
  inScope,
  mongooseSchemaOf,
  recordOf,
  withId,
} from '@bulkhead/store';
import { collections } from './collections.ts';
import { type Erasure, erasureSchema } from './erasure.record.ts';

const schema = mongooseSchemaOf(erasureSchema, { collection: collections.erasures, minimize: false });
schema.index({ connectionId: 1, _id: -1 });
schema.index({ phase: 1, _id: 1 });
// Every process that writes reads the erased connections every two seconds.
schema.index({ kind: 1, connectionId: 1, phase: 1 });

type ErasureChange = Partial<Pick<Erasure, 'found' | 'stoppedAt' | 'epoch' | 'completedAt'>>;

/** `erasures`: the state of every erasure. Records are never deleted, because they are the proof and keep late writers out. */
export class ErasureRepository {
  readonly #model;

  constructor(database: Database) {
    this.#model = database.model('Erasure', schema);
  }

  async insert({ id, ...fields }: Erasure): Promise<void> {
    await this.#model.create({ _id: id, ...fields });
  }

  async find(id: string): Promise<Erasure | undefined> {
    return recordOf(await this.#model.findById(id).lean());
  }

  /** Newest first. @param filter.after the last id of the previous page */
  async list(filter: {
    readonly connectionId?: string | undefined;
    readonly after?: string | undefined;
    readonly scope: ConnectionScope;
    readonly limit: number;
  }): Promise<Erasure[]> {
    const { connectionId, after, scope, limit } = filter;
    const documents = await this.#model
      .find({
        $and: [inScope(scope), connectionId === undefined ? {} : { connectionId }],
        ...(after === undefined ? {} : { _id: { $lt: after } }),
      })
      .sort({ _id: -1 })
      .limit(limit)
      .lean();
    return documents.map(withId);
  }

  /** The erasure of a connection or a patient that is not completed yet. */
  async findActive(subject: Pick<Erasure, 'connectionId' | 'kind'> & { readonly patientId?: string }) {
    return recordOf(await this.#model.findOne({ ...subject, phase: { $ne: 'completed' as const } }).lean());
  }

  listActiveIds() {
    return findIds(this.#model, { phase: { $in: ['queued' as const, 'running' as const] } });
  }

  /** The erasures of whole connections, for which nothing may be stored. */
  listErasedConnections(): Promise<readonly Pick<Erasure, 'connectionId' | 'phase'>[]> {
    return this.#model.find({ kind: 'connection' as const }, { _id: 0, connectionId: 1, phase: 1 }).lean();
  }

  /** The erasure of a whole connection, finished or not. */
  async findOfConnection(connectionId: string): Promise<Erasure | undefined> {
    return recordOf(
      await this.#model
        .findOne({ kind: 'connection' as const, connectionId })
        .sort({ _id: 1 })
        .lean(),
    );
  }

  /** Changes the phase if the erasure is still as `from` describes it. @returns undefined if another process was faster */
  async transition(options: {
    readonly from: Pick<Erasure, 'id' | 'phase' | 'version'>;
    readonly to: 'running' | 'completed';
    readonly change?: ErasureChange;
    readonly unset?: readonly ('patientId' | 'binaryIds' | 'documentIds' | 'waitsFor' | 'error')[];
  }): Promise<Erasure | undefined> {
    const { from, to, change = {}, unset = [] } = options;
    return recordOf(
      await this.#model
        .findOneAndUpdate(
          { _id: from.id, phase: from.phase, version: from.version },
          {
            $set: { ...change, phase: to },
            $inc: { version: 1 },
            ...(unset.length > 0 ? { $unset: Object.fromEntries(unset.map((field) => [field, 1])) } : {}),
          },
          { returnDocument: 'after' },
        )
        .lean(),
    );
  }

  async addDeleted({ id, amounts }: { readonly id: string; readonly amounts: DataAmounts }): Promise<void> {
    const { resources, records, contentBytes } = amounts;
    const more = [
      ...Object.entries(resources).map(([type, count]) => [`deleted.resources.${type}`, count] as const),
      ...Object.entries(records).map(([kind, count]) => [`deleted.records.${kind}`, count] as const),
      ['deleted.contentBytes', contentBytes] as const,
    ].filter(([, count]) => count > 0);
    if (more.length > 0) await this.#model.updateOne({ _id: id }, { $inc: Object.fromEntries(more) });
  }

  /** @returns the ids that were not known before */
  async addBinaries({ id, binaryIds }: { readonly id: string; readonly binaryIds: readonly string[] }) {
    const before = await this.#model
      .findByIdAndUpdate(id, { $addToSet: { binaryIds: { $each: [...binaryIds] } } }, { returnDocument: 'before' })
      .lean();
    const known = new Set(before?.binaryIds);
    return binaryIds.filter((binaryId) => !known.has(binaryId));
  }

  /** Lets a running erasure keep the patient out. @returns undefined if it is completed */
  async keepOut({ id, epoch }: { readonly id: string; readonly epoch: number }): Promise<Erasure | undefined> {
    return recordOf(
      await this.#model
        .findOneAndUpdate(
          { _id: id, phase: { $ne: 'completed' as const } },
          { $set: { keepsOut: true }, $max: { epoch }, $inc: { version: 1 } },
          { returnDocument: 'after' },
        )
        .lean(),
    );
  }

  async addDocuments({ id, documentIds }: { readonly id: string; readonly documentIds: readonly string[] }) {
    await this.#model.updateOne({ _id: id }, { $addToSet: { documentIds: { $each: [...documentIds] } } });
  }

  async raiseEpoch({ id, epoch }: { readonly id: string; readonly epoch: number }) {
    await this.#model.updateOne({ _id: id, phase: { $ne: 'completed' as const } }, { $max: { epoch } });
  }

  async noteWaitsFor({ id, waitsFor }: { readonly id: string } & Required<Pick<Erasure, 'waitsFor'>>) {
    const change = waitsFor.length > 0 ? { $set: { waitsFor } } : { $unset: { waitsFor: 1 as const } };
    await this.#model.updateOne({ _id: id, phase: { $ne: 'completed' as const } }, change);
  }

  async warn({ id, code, message }: { readonly id: string; readonly code: WarningCode; readonly message: string }) {
    await this.#model.updateOne({ _id: id }, { $addToSet: { warnings: { code, message } } });
  }

  async noteError({ id, error }: { readonly id: string; readonly error: NonNullable<Erasure['error']> }) {
    await this.#model.updateOne({ _id: id, phase: { $ne: 'completed' as const } }, { $set: { error } });
  }
}
