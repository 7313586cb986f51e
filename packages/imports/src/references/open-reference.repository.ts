import type { Immutable } from '@bulkhead/base';
import {
  mongooseSchemaOf,
  type PatientOfConnection,
  type StoreContext,
  toBatches,
  withId,
  writeUnordered,
} from '@bulkhead/store';
import { z } from 'zod';
import { collections } from './collections.ts';

const openReferenceSchema = z.strictObject({
  /** `<connectionId>/<type>/<id>`. */
  id: z.string(),
  connectionId: z.string(),
  resourceType: z.string(),
  resourceId: z.string(),
  /** The patients to whose records it belongs. An erasure of one of them deletes it. Empty if it belongs to none. */
  patientIds: z.array(z.string()),
  /** When the EHR last answered that it has no such resource, or without one that can be stored. */
  missingAt: z.date().exactOptional(),
  /** The last sync that has planned to read it. */
  syncRunId: z.string().exactOptional(),
});
export type OpenReference = Immutable<z.output<typeof openReferenceSchema>>;
export type Target = Pick<OpenReference, 'resourceType' | 'resourceId'>;

const schema = mongooseSchemaOf(openReferenceSchema, { collection: collections.openReferences, minimize: false });
schema.index({ connectionId: 1, missingAt: 1, resourceType: 1, resourceId: 1 });
schema.index({ connectionId: 1, patientIds: 1 });

const marksSchema = z.strictObject({
  /** The id of the connection. */
  id: z.string(),
  /** For each resource type, the time up to which the references of everything that was stored are known. */
  marks: z.record(z.string(), z.date()),
});
const marksDocumentSchema = mongooseSchemaOf(marksSchema, { collection: collections.referenceMarks, minimize: false });

/**
 * `open_references`: the resources to which stored resources refer and which are not stored. `reference_marks`: how far what is stored was
 * looked through for them.
 */
export class OpenReferenceRepository {
  readonly #gate;
  readonly #model;
  readonly #marks;

  constructor({ database, gate }: Omit<StoreContext, 'secretBox'>) {
    this.#gate = gate;
    this.#model = database.model('OpenReference', schema);
    this.#marks = database.model('ReferenceMarks', marksDocumentSchema);
  }

  /** Adds references. One that is known gets further patients. */
  async add(connectionId: string, targets: readonly (Target & Pick<OpenReference, 'patientIds'>)[]): Promise<void> {
    if (targets.length === 0) return;
    await this.#gate.admit(connectionId, async () => {
      const operations = targets.map(({ patientIds, ...target }) => {
        const added = { $setOnInsert: { connectionId, ...target }, $addToSet: { patientIds: { $each: patientIds } } };
        return { updateOne: { filter: { _id: idOf(connectionId, target) }, update: added, upsert: true } };
      });
      await writeUnordered(this.#model.collection, operations);
    });
  }

  async remove(connectionId: string, targets: readonly Target[]): Promise<void> {
    for (const batch of toBatches(targets))
      await this.#model.deleteMany({ _id: { $in: batch.map((target) => idOf(connectionId, target)) } });
  }

  async exists(connectionId: string, target: Target): Promise<boolean> {
    return (await this.#model.exists({ _id: idOf(connectionId, target) })) !== null;
  }

  async noteMissing(connectionId: string, target: Target, missingAt: Date): Promise<void> {
    await this.#model.updateOne({ _id: idOf(connectionId, target) }, { $set: { missingAt } });
  }

  /** The types of which something can be read. See `list`. */
  async listTypes(options: ListOptions): Promise<string[]> {
    const types = await this.#model.aggregate<{ readonly _id: string }>([
      { $match: toFilter(options) },
      { $group: { _id: '$resourceType' } },
      { $sort: { _id: 1 } },
    ]);
    return types.map(({ _id }) => _id);
  }

  /** Lists what a run has not planned to read: what the EHR was not asked for, or did not have when it was asked before a time. */
  async list(options: ListOptions & { readonly types: readonly string[]; readonly limit: number }) {
    const documents = await this.#model
      .find({ ...toFilter(options), resourceType: { $in: [...options.types] } })
      .sort({ resourceType: 1, resourceId: 1 })
      .limit(options.limit)
      .lean();
    return documents.map(withId);
  }

  async notePlanned(syncRunId: string, references: readonly Pick<OpenReference, 'id'>[]): Promise<void> {
    for (const batch of toBatches(references))
      await this.#model.updateMany({ _id: { $in: batch.map(({ id }) => id) } }, { $set: { syncRunId } });
  }

  /** Counts what the EHR was not asked for, or did not say that it has not, by type. Types with a count of zero are left out. */
  async count(connectionId: string): Promise<Record<string, number>> {
    const counts = await this.#model.aggregate<{ readonly _id: string; readonly count: number }>([
      { $match: { connectionId, missingAt: { $exists: false } } },
      { $group: { _id: '$resourceType', count: { $sum: 1 } } },
      { $sort: { _id: 1 } },
    ]);
    return Object.fromEntries(counts.map(({ _id, count }) => [_id, count]));
  }

  countOfPatient({ connectionId, patientId }: PatientOfConnection): Promise<number> {
    return this.#model.countDocuments({ connectionId, patientIds: patientId });
  }

  async deleteOfPatient({ connectionId, patientId }: PatientOfConnection): Promise<number> {
    return (await this.#model.deleteMany({ connectionId, patientIds: patientId })).deletedCount;
  }

  async readMarks(connectionId: string): Promise<Readonly<Record<string, Date>>> {
    return (await this.#marks.findById(connectionId).lean())?.marks ?? {};
  }

  /** Moves the mark of a type forward, never back. */
  async advanceMark(mark: { readonly connectionId: string; readonly resourceType: string; readonly at: Date }) {
    const { connectionId, resourceType, at } = mark;
    const update = { $max: { [`marks.${resourceType}`]: at } };
    await this.#gate.admit(connectionId, () => this.#marks.updateOne({ _id: connectionId }, update, { upsert: true }));
  }
}

interface ListOptions {
  readonly connectionId: string;
  readonly syncRunId: string;
  readonly missingBefore: Date;
}

function toFilter({ connectionId, syncRunId, missingBefore }: ListOptions) {
  const wanted = [{ missingAt: { $exists: false } }, { missingAt: { $lt: missingBefore } }];
  return { connectionId, syncRunId: { $ne: syncRunId }, $or: wanted };
}

function idOf(connectionId: string, { resourceType, resourceId }: Target): string {
  return `${connectionId}/${resourceType}/${resourceId}`;
}
