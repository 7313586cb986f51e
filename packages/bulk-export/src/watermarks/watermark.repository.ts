import type { ExportType } from '@bulkhead/fhir';
import { isDuplicateKey, mongooseSchemaOf } from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';
import { z } from 'zod';
import { type Watermark, watermarkSchema } from './watermark.ts';

const documentSchema = watermarkSchema.extend({ id: z.string() });

const schema = mongooseSchemaOf(documentSchema, { collection: 'watermarks' });
schema.index({ connectionId: 1 });

/** `watermarks`: for each connection, export level and type, the last transactionTime up to which everything is stored. */
export function createWatermarkRepository(database: Database) {
  const model = database.model('Watermark', schema);
  return {
    /** Moves a watermark forward, never back: exports may end out of order. */
    async advance(watermark: Watermark): Promise<void> {
      const { connectionId, exportType, resourceType } = watermark;
      const _id = `${connectionId}/${exportType}/${resourceType}`;
      const older = { _id, at: { $lt: watermark.at } };
      try {
        await model.updateOne(older, { $set: watermark }, { upsert: true });
      } catch (error) {
        // The stored watermark is not older, so the upsert matched nothing and tried to insert a second one.
        if (!isDuplicateKey(error)) throw error;
      }
    },

    /** Lists the watermarks of all connections. */
    listAll: (): Promise<Watermark[]> => model.find({}, { _id: 0 }).lean(),

    /** Lists a connection's watermarks, of one export level or of all. */
    async list(filter: { readonly connectionId: string; readonly exportType?: ExportType }): Promise<Watermark[]> {
      return model.find(filter, { _id: 0 }).sort({ exportType: 1, resourceType: 1 }).lean();
    },
  };
}
