import { mongooseSchemaOf, type StoreContext, withId } from '@bulkhead/store';
import { collections } from '../collections.ts';
import type { CohortKey } from './cohort.record.ts';
import { type CohortMark, type CohortMarkKey, cohortMarkSchema } from './cohort-mark.ts';

const schema = mongooseSchemaOf(cohortMarkSchema, { collection: collections.cohortMarks });
schema.index({ connectionId: 1, cohort: 1 });

/** `cohort_marks`: up to when everything is stored of the patients of a slice of a cohort. See `cohort-mark.ts`. */
export class CohortMarkRepository {
  readonly #gate;
  readonly #model;

  constructor({ database, gate }: Omit<StoreContext, 'secretBox'>) {
    this.#gate = gate;
    this.#model = database.model('CohortMark', schema);
  }

  async list({ connectionId, cohort, exportType, types }: CohortMarkKey): Promise<CohortMark[]> {
    const found = await this.#model.find({ connectionId, cohort, exportType, types }).lean();
    return found.map(withId);
  }

  /**
   * Stores a mark, and removes its patients from the older ones. Doing it again changes nothing. After a crash in between, the newest mark of
   * a patient counts.
   */
  async advance({ id, ...mark }: CohortMark): Promise<void> {
    const { connectionId, cohort, exportType, types, patients, at } = mark;
    await this.#gate.admit(connectionId, () => this.#model.updateOne({ _id: id }, { $set: mark }, { upsert: true }));
    const older = { connectionId, cohort, exportType, types, _id: { $ne: id }, at: { $lte: at } } as object;
    await this.#model.updateMany(older, { $pullAll: { patients: [...patients] } } as object);
    await this.#deleteEmpty({ connectionId, cohort });
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
    await this.#deleteEmpty({ connectionId });
    return modifiedCount;
  }

  async #deleteEmpty(of: { readonly connectionId: string; readonly cohort?: string }): Promise<void> {
    await this.#model.deleteMany({ ...of, patients: { $size: 0 } } as object);
  }
}
