import { isDuplicateKey, mongooseSchemaOf, type StoreContext, withId } from '@bulkhead/store';
import { collections } from '../collections.ts';
import type { CohortKey } from './cohort.record.ts';
import { type CohortMark, cohortMarkSchema } from './cohort-mark.ts';

const schema = mongooseSchemaOf(cohortMarkSchema, { collection: collections.cohortMarks });
schema.index({ connectionId: 1, cohort: 1 });

/** `cohort_marks`: of which patients of a cohort everything is stored, and up to when. See `cohort-mark.ts`. */
export class CohortMarkRepository {
  readonly #gate;
  readonly #model;

  constructor({ database, gate }: Omit<StoreContext, 'secretBox'>) {
    this.#gate = gate;
    this.#model = database.model('CohortMark', schema);
  }

  async find(id: string): Promise<CohortMark | undefined> {
    const found = await this.#model.findById(id).lean();
    return found ? withId(found) : undefined;
  }

  /** Moves a mark forward, for other patients than before. A later mark stays, because exports may end out of order. */
  async advance({ id, ...mark }: CohortMark): Promise<void> {
    const notLater = { _id: id, at: { $lte: mark.at } };
    try {
      const change = { $set: mark } as object;
      await this.#gate.admit(mark.connectionId, () => this.#model.updateOne(notLater, change, { upsert: true }));
    } catch (error) {
      // The upsert matched nothing and tried to insert a second one.
      if (!isDuplicateKey(error)) throw error;
    }
  }

  /** Adds patients of whom everything up to `at` is stored, unless the mark is later than that. */
  async join({
    id,
    connectionId,
    at,
    deletionsAt,
    patients,
    coverage,
  }: Omit<CohortMark, 'transactionTime' | 'exportId'>) {
    const change = {
      $addToSet: { patients: { $each: [...patients] } },
      $min: { deletionsAt },
      ...(coverage === undefined ? {} : { $set: { coverage } }),
    } as object;
    await this.#gate.admit(connectionId, () => this.#model.updateOne({ _id: id, at: { $lte: at } }, change));
  }

  /** The next exports of all cohorts at this level request everything. */
  async forget(level: Pick<CohortMark, 'connectionId' | 'exportType'>): Promise<void> {
    await this.#model.deleteMany(level);
  }

  async deleteOf({ connectionId, name }: CohortKey): Promise<void> {
    await this.#model.deleteMany({ connectionId, cohort: name });
  }

  /** @returns how many marks changed */
  async removePatient({ connectionId, patientId }: { readonly connectionId: string; readonly patientId: string }) {
    const naming = { connectionId, patients: patientId } as object;
    const { modifiedCount } = await this.#model.updateMany(naming, { $pull: { patients: patientId } } as object);
    return modifiedCount;
  }
}
