import { mongooseFieldsOf, type Stored } from '@bulkhead/store';
import { type Connection as Database, Schema } from 'mongoose';
import { z } from 'zod';

const documentSchema = z.strictObject({
  /** `<connectionId>/<patient id>`. */
  id: z.string(),
  connectionId: z.string(),
  /** For each resource type, the time up to which everything of this patient is stored. */
  marks: z.record(z.string(), z.date()),
});

const schema = new Schema<Stored<typeof documentSchema>>(mongooseFieldsOf(documentSchema), {
  collection: 'crawl_marks',
  versionKey: false,
  minimize: false,
  strict: 'throw',
});

/**
 * `crawl_marks`: the time up to which each patient and type was crawled. It is kept by patient and not by connection, because nothing is
 * stored yet of a patient who has joined the practice after the others were crawled.
 */
export function createCrawlMarkRepository(database: Database) {
  const model = database.model('CrawlMark', schema);
  return {
    async find(options: {
      readonly connectionId: string;
      readonly patientId: string;
    }): Promise<Readonly<Record<string, Date>>> {
      const document = await model.findById(idOf(options)).lean();
      return document?.marks ?? {};
    },

    /** Moves a mark forward, never back. */
    async advance(options: {
      readonly connectionId: string;
      readonly patientId: string;
      readonly resourceType: string;
      readonly at: Date;
    }): Promise<void> {
      const { connectionId, resourceType, at } = options;
      await model.updateOne(
        { _id: idOf(options) },
        { $max: { [`marks.${resourceType}`]: at }, $setOnInsert: { connectionId } },
        { upsert: true },
      );
    },
  };
}

function idOf({ connectionId, patientId }: { readonly connectionId: string; readonly patientId: string }): string {
  return `${connectionId}/${patientId}`;
}
