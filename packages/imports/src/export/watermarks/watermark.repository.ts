import type { ExportType } from '@bulkhead/fhir';
import { isDuplicateKey, mongooseSchemaOf, type StoreContext, wholeBatch } from '@bulkhead/store';
import { z } from 'zod';
import { collections } from '../collections.ts';
import { everyType, type Lack, lackSchema, type Watermark, watermarkSchema } from './watermark.record.ts';

const documentSchema = watermarkSchema.extend({
  id: z.string(),
  /** Those of whom something is stored and for whom the watermark does not hold. Most reads leave them out. */
  lacks: z.array(lackSchema),
});

const schema = mongooseSchemaOf(documentSchema, { collection: collections.watermarks });
schema.path('lacks').select(false);
schema.index({ connectionId: 1 });

type Level = Pick<Watermark, 'connectionId' | 'exportType'>;

/** Patients whose state is changed in the watermarks of a level. */
interface Lacking extends Level {
  readonly patients: readonly string[];
}

/** `watermarks`: for each connection, export level and type, the last transactionTime up to which everything is stored. */
export class WatermarkRepository {
  readonly #gate;
  readonly #model;

  constructor({ database, gate }: Omit<StoreContext, 'secretBox'>) {
    this.#gate = gate;
    this.#model = database.model('Watermark', schema);
  }

  /**
   * Moves a watermark forward, never back: exports may end out of order.
   * @param fullFrom of an export of everything: when it was kicked off. It has everything of the patients who were noticed before
   */
  async advance({ deletionsAt, ...watermark }: Watermark, fullFrom?: Date): Promise<void> {
    const { connectionId, exportType, resourceType, exportId } = watermark;
    const _id = `${connectionId}/${exportType}/${resourceType}`;
    const older = { _id, at: { $lt: watermark.at } };
    // A watermark that an export of changes makes continues from that of every type.
    const lacks = fullFrom ? [] : await this.listLacks({ connectionId, exportType, resourceTypes: [] });
    try {
      const change = { $set: watermark, $setOnInsert: { deletionsAt, lacks } } as object;
      await this.#gate.admit(connectionId, () => this.#model.updateOne(older, change, { upsert: true }));
    } catch (error) {
      // The stored watermark is not older, so the upsert matched nothing and tried to insert a second one.
      if (!isDuplicateKey(error)) throw error;
    }
    await this.#model.updateOne({ _id, deletionsAt: { $lt: deletionsAt } }, { $set: { deletionsAt } });
    if (!fullFrom) return;
    for (const arrived of [{ at: { $lt: fullFrom } }, { exportId }])
      await this.#model.updateOne({ _id }, { $pull: { lacks: arrived } });
  }

  async hasAny(level: Level): Promise<boolean> {
    return (await this.#model.exists({ ...level })) !== null;
  }

  /** The patients for whom the watermarks of these types do not hold. A type without its own has that of every type. */
  async listLacks({ resourceTypes, ...level }: Level & { readonly resourceTypes: readonly string[] }): Promise<Lack[]> {
    const stored = await this.#model.find({ ...level }, { resourceType: 1, lacks: 1 }).lean();
    const byType = new Map(stored.map(({ resourceType, lacks }) => [resourceType, lacks]));
    const types = resourceTypes.length > 0 ? resourceTypes : [everyType];
    return types.flatMap((type) => [...(byType.get(type) ?? byType.get(everyType) ?? [])]);
  }

  /** Notes patients for whom the watermarks of a level do not hold. A patient who has left and is back is `joined`. */
  async addLacks({ patients, at, exportId, state, ...level }: Lacking & Omit<Lack, 'patient'>): Promise<void> {
    const known = state === 'left' ? [state] : ['joined', 'requested'];
    await this.#gate.admit(level.connectionId, async (keptOut) => {
      for (const patient of patients.filter((id) => keptOut?.hasPatient(id) !== true)) {
        const isUnknown = { lacks: { $not: { $elemMatch: { patient, state: { $in: known } } } } };
        const lack = { patient, at, exportId, state };
        await this.#model.updateMany({ ...level, ...isUnknown } as object, { $push: { lacks: lack } });
        const end = { $pull: { lacks: { patient, state: 'left' } } } as object;
        if (state !== 'left') await this.#model.updateMany({ ...level, 'lacks.patient': patient }, end);
      }
    });
  }

  /** Notes that the whole records of patients are requested. */
  async requestLacks({ patients, ...level }: Lacking): Promise<void> {
    const ofPatients = { arrayFilters: [{ 'lack.patient': { $in: [...patients] } }] };
    await this.#model.updateMany({ ...level }, { $set: { 'lacks.$[lack].state': 'requested' } } as object, ofPatients);
  }

  /** The watermarks of these types hold for these patients from now on. */
  async endLacks({ patients, resourceTypes, ...level }: Lacking & { readonly resourceTypes: readonly string[] }) {
    const ofTypes = resourceTypes.length > 0 ? { resourceType: { $in: [...resourceTypes] } } : {};
    const end = { $pull: { lacks: { patient: { $in: [...patients] } } } } as object;
    await this.#model.updateMany({ ...level, ...ofTypes }, end);
  }

  /** @returns how many watermarks named the patient */
  async removePatient({ connectionId, patientId }: { readonly connectionId: string; readonly patientId: string }) {
    const naming = { connectionId, 'lacks.patient': patientId };
    const { modifiedCount } = await this.#model.updateMany(naming, {
      $pull: { lacks: { patient: patientId } },
    } as object);
    return modifiedCount;
  }

  /** The next exports of this level request everything. */
  async forget(level: Level): Promise<void> {
    await this.#model.deleteMany(level);
  }

  /** Lists the watermarks of all connections in one command. */
  listAll(): Promise<Omit<Watermark, 'exportId'>[]> {
    const projection = { _id: 0, lacks: 0, exportId: 0, 'coverage.offered': 0 } as const;
    return this.#model.find({}, projection).batchSize(wholeBatch).lean();
  }

  /** Lists a connection's watermarks, of one export level or of all. */
  async list(filter: { readonly connectionId: string; readonly exportType?: ExportType }): Promise<Watermark[]> {
    return this.#model.find(filter, { _id: 0, lacks: 0 }).sort({ exportType: 1, resourceType: 1 }).lean();
  }
}
