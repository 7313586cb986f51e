import { idsBelow, mongooseSchemaOf, type StoreContext } from '@bulkhead/store';
import { z } from 'zod';

const documentSchema = z.strictObject({
  /** `<connectionId>/<patient id>`. */
  id: z.string(),
  connectionId: z.string(),
  /** For each resource type, the time up to which everything of this patient is stored. */
  marks: z.record(z.string(), z.date()),
});

const schema = mongooseSchemaOf(documentSchema, { collection: 'crawl_marks', minimize: false });

/**
 * `crawl_marks`: the time up to which each patient and type was crawled. It is kept by patient and not by connection, because nothing is
 * stored yet of a patient who has joined the practice after the others were crawled.
 */
export class CrawlMarkRepository {
  private readonly gate;
  private readonly model;

  constructor({ database, gate }: Omit<StoreContext, 'secretBox'>) {
    this.gate = gate;
    this.model = database.model('CrawlMark', schema);
  }

  /** The marks of all patients of a connection, by patient. */
  async list(connectionId: string): Promise<ReadonlyMap<string, Readonly<Record<string, Date>>>> {
    const documents = await this.model.find({ _id: idsBelow(connectionId) }).lean();
    return new Map(documents.map(({ _id, marks }) => [_id.slice(connectionId.length + 1), marks]));
  }

  /** The oldest mark of a type. Undefined if no patient has one. */
  async oldest(marks: Omit<TypeMarks, 'since'>): Promise<Date | undefined> {
    const name = markOf(marks.resourceType);
    const oldest = await this.model
      .findOne(filterOf(marks))
      .sort({ [name]: 1 })
      .lean();
    return oldest?.marks[marks.resourceType];
  }

  /** Moves the marks of all patients who have one forward, never back. */
  async advanceAll({ at, ...marks }: TypeMarks & { readonly at: Date }): Promise<void> {
    await this.model.updateMany(filterOf(marks), { $max: { [markOf(marks.resourceType)]: at } });
  }

  async find(options: {
    readonly connectionId: string;
    readonly patientId: string;
  }): Promise<Readonly<Record<string, Date>>> {
    const document = await this.model.findById(idOf(options)).lean();
    return document?.marks ?? {};
  }

  async exists(patient: { readonly connectionId: string; readonly patientId: string }): Promise<boolean> {
    return (await this.model.exists({ _id: idOf(patient) })) !== null;
  }

  async delete(patient: { readonly connectionId: string; readonly patientId: string }): Promise<boolean> {
    return (await this.model.deleteOne({ _id: idOf(patient) })).deletedCount === 1;
  }

  /** Moves the marks of these patients forward, never back, with one command. */
  async advance(options: {
    readonly connectionId: string;
    readonly patientIds: readonly string[];
    readonly resourceType: string;
    readonly at: Date;
  }): Promise<void> {
    const { connectionId, patientIds, resourceType, at } = options;
    const update = { $max: { [markOf(resourceType)]: at }, $setOnInsert: { connectionId } };
    const writes = patientIds.map((patientId) => ({
      updateOne: { filter: { _id: idOf({ connectionId, patientId }) }, update, upsert: true },
    }));
    if (writes.length > 0) await this.gate.admit(connectionId, () => this.model.bulkWrite(writes, { ordered: false }));
  }
}

function filterOf({ connectionId, resourceType, since }: TypeMarks) {
  return {
    _id: idsBelow(connectionId),
    [markOf(resourceType)]: since === undefined ? { $exists: true } : { $gte: since },
  };
}

interface TypeMarks {
  readonly connectionId: string;
  readonly resourceType: string;
  /** Leaves out older marks. */
  readonly since?: Date | undefined;
}

function markOf(resourceType: string): string {
  return `marks.${resourceType}`;
}

function idOf({ connectionId, patientId }: { readonly connectionId: string; readonly patientId: string }): string {
  return `${connectionId}/${patientId}`;
}
