import type { ExportType } from '@bulkhead/fhir';
import { isDuplicateKey, mongooseSchemaOf, type StoreContext, wholeBatch } from '@bulkhead/store';
import { z } from 'zod';
import { collections } from '../collections.ts';
import { type Watermark, watermarkSchema } from './watermark.record.ts';

const documentSchema = watermarkSchema.extend({ id: z.string() });

const schema = mongooseSchemaOf(documentSchema, { collection: collections.watermarks });
schema.index({ connectionId: 1 });

/** `watermarks`: for each connection, export level and type, the last transactionTime up to which everything is stored. */
export class WatermarkRepository {
  readonly #gate;
  readonly #model;

  constructor({ database, gate }: Omit<StoreContext, 'secretBox'>) {
    this.#gate = gate;
    this.#model = database.model('Watermark', schema);
  }

  /** Moves a watermark forward, never back: exports may end out of order. */
  async advance({ deletionsAt, ...watermark }: Watermark): Promise<void> {
    const { connectionId, exportType, resourceType } = watermark;
    const _id = `${connectionId}/${exportType}/${resourceType}`;
    const older = { _id, at: { $lt: watermark.at } };
    try {
      const change = { $set: watermark, $setOnInsert: { deletionsAt } };
      await this.#gate.admit(connectionId, () => this.#model.updateOne(older, change, { upsert: true }));
    } catch (error) {
      // The stored watermark is not older, so the upsert matched nothing and tried to insert a second one.
      if (!isDuplicateKey(error)) throw error;
    }
    await this.#model.updateOne({ _id, deletionsAt: { $lt: deletionsAt } }, { $set: { deletionsAt } });
  }

  /** The next exports of this level request everything. */
  async forget(level: Pick<Watermark, 'connectionId' | 'exportType'>): Promise<void> {
    await this.#model.deleteMany(level);
  }

  /** Lists the watermarks of all connections in one command. */
  listAll(): Promise<Watermark[]> {
    return this.#model.find({}, { _id: 0 }).batchSize(wholeBatch).lean();
  }

  /** Lists a connection's watermarks, of one export level or of all. */
  async list(filter: { readonly connectionId: string; readonly exportType?: ExportType }): Promise<Watermark[]> {
    return this.#model.find(filter, { _id: 0 }).sort({ exportType: 1, resourceType: 1 }).lean();
  }
}
