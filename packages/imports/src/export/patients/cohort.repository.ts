import { isDuplicateKey, mongooseSchemaOf, recordOf, type StoreContext } from '@bulkhead/store';
import { collections } from '../collections.ts';
import { type Cohort, type CohortKey, type CohortSummary, cohortSchema } from './cohort.record.ts';

const schema = mongooseSchemaOf(cohortSchema, { collection: collections.cohorts });
schema.index({ connectionId: 1, name: 1 });

function idOf({ connectionId, name }: CohortKey): string {
  return `${connectionId}/${name}`;
}

/** `cohorts`: the named lists of patients of each connection. */
export class CohortRepository {
  readonly #gate;
  readonly #model;

  constructor({ database, gate }: Omit<StoreContext, 'secretBox'>) {
    this.#gate = gate;
    this.#model = database.model('Cohort', schema);
  }

  async find(key: CohortKey): Promise<Cohort | undefined> {
    return recordOf(await this.#model.findById(idOf(key)).lean());
  }

  /** Lists the cohorts of a connection without their patients. */
  async list(connectionId: string): Promise<CohortSummary[]> {
    const found = await this.#model.aggregate<Omit<CohortSummary, 'id'> & { readonly _id: string }>([
      { $match: { connectionId } },
      { $sort: { name: 1 } },
      {
        $project: { connectionId: 1, name: 1, version: 1, createdAt: 1, changedAt: 1, count: { $size: '$patients' } },
      },
    ]);
    return found.map(({ _id: id, ...fields }) => ({ id, ...fields }));
  }

  count(connectionId: string): Promise<number> {
    return this.#model.countDocuments({ connectionId });
  }

  /**
   * Adds a cohort, or replaces its patients.
   * @param options.from the cohort that is changed. Undefined if there is none
   * @returns undefined if it is no longer as `from` describes it
   */
  async save(options: {
    readonly key: CohortKey;
    readonly from: Pick<Cohort, 'version' | 'createdAt'> | undefined;
    readonly patients: readonly string[];
    readonly now: Date;
  }): Promise<Cohort | undefined> {
    const { key, from, patients, now } = options;
    const { version = 0, createdAt = now } = from ?? {};
    const fields = { ...key, patients, version: version + 1, createdAt, changedAt: now };
    const isSaved = await this.#gate.admit(key.connectionId, () =>
      from ? this.#replace({ key, version, fields }) : this.#insert({ key, fields }),
    );
    return isSaved ? { id: idOf(key), ...fields } : undefined;
  }

  async #replace(options: { readonly key: CohortKey; readonly version: number; readonly fields: Omit<Cohort, 'id'> }) {
    const { key, version, fields } = options;
    return (await this.#model.updateOne({ _id: idOf(key), version }, { $set: fields })).matchedCount === 1;
  }

  async #insert({ key, fields }: { readonly key: CohortKey; readonly fields: Omit<Cohort, 'id'> }) {
    try {
      await this.#model.create({ _id: idOf(key), ...fields });
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  async delete(key: CohortKey): Promise<boolean> {
    return (await this.#model.deleteOne({ _id: idOf(key) })).deletedCount === 1;
  }

  /** Removes a patient from all cohorts of a connection. @returns how many changed */
  async removePatient({ connectionId, patientId }: { readonly connectionId: string; readonly patientId: string }) {
    const listing = { connectionId, patients: patientId } as object;
    const { modifiedCount } = await this.#model.updateMany(listing, {
      $pull: { patients: patientId },
      $inc: { version: 1 },
    });
    return modifiedCount;
  }
}
