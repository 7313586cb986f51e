import { mongooseSchemaOf, type StoreContext } from '@bulkhead/store';
import { z } from 'zod';
import { collections } from './collections.ts';

const documentSchema = z.strictObject({
  /** `<connectionId>/<patient id>`. */
  id: z.string(),
  connectionId: z.string(),
  /** For each resource type, the time up to which everything of this patient is stored. */
  marks: z.record(z.string(), z.date()),
});

const schema = mongooseSchemaOf(documentSchema, { collection: collections.crawlMarks, minimize: false });

/**
 * `crawl_marks`: the time up to which each patient and type was crawled. It is kept by patient and not by connection, because nothing is
 * stored yet of a patient who has joined the practice after the others were crawled.
 */
export class CrawlMarkRepository {
  readonly #gate;
  readonly #model;

  constructor({ database, gate }: Omit<StoreContext, 'secretBox'>) {
    this.#gate = gate;
    this.#model = database.model('CrawlMark', schema);
  }

  async find(options: {
    readonly connectionId: string;
    readonly patientId: string;
  }): Promise<Readonly<Record<string, Date>>> {
    const document = await this.#model.findById(idOf(options)).lean();
    return document?.marks ?? {};
  }

  async exists(patient: { readonly connectionId: string; readonly patientId: string }): Promise<boolean> {
    return (await this.#model.exists({ _id: idOf(patient) })) !== null;
  }

  async delete(patient: { readonly connectionId: string; readonly patientId: string }): Promise<boolean> {
    return (await this.#model.deleteOne({ _id: idOf(patient) })).deletedCount === 1;
  }

  /** Moves the mark of a patient forward, never back. */
  async advance(options: {
    readonly connectionId: string;
    readonly patientId: string;
    readonly resourceType: string;
    readonly at: Date;
  }): Promise<void> {
    const { connectionId, resourceType, at } = options;
    const update = { $max: { [`marks.${resourceType}`]: at }, $setOnInsert: { connectionId } };
    await this.#gate.admit(connectionId, () => this.#model.updateOne({ _id: idOf(options) }, update, { upsert: true }));
  }
}

function idOf({ connectionId, patientId }: { readonly connectionId: string; readonly patientId: string }): string {
  return `${connectionId}/${patientId}`;
}
