import { type Database, mongooseSchemaOf, recordOf, withId } from '@bulkhead/store';
import { collections } from '../collections.ts';
import { type HistorySample, historySampleSchema } from './history-sample.record.ts';

/** Long enough to compare this night with the same night of the last weeks. Prometheus keeps more, if a deployment has it. */
export const historyKeptMs = 30 * 24 * 60 * 60_000;

const schema = mongooseSchemaOf(historySampleSchema, { collection: collections.historySamples, minimize: false });
schema.index({ at: 1 });

/** `history_samples`: how the deployment was doing in each quarter of an hour of the last 30 days. A few MB in all. */
export class HistorySampleRepository {
  readonly #model;

  constructor(database: Database) {
    this.#model = database.model('HistorySample', schema);
  }

  async find(id: string): Promise<HistorySample | undefined> {
    return recordOf(await this.#model.findById(id).lean());
  }

  /** Finds the newest sample. */
  async findLast(): Promise<HistorySample | undefined> {
    return recordOf(await this.#model.findOne().sort({ at: -1 }).lean());
  }

  async save({ id, ...fields }: HistorySample): Promise<void> {
    await this.#model.replaceOne({ _id: id }, fields as never, { upsert: true });
  }

  /** Lists the samples since a time, the oldest first. */
  async listSince(since: Date): Promise<HistorySample[]> {
    const newest = this.#model.find({ at: { $gte: since } }).sort({ at: 1 });
    return (await newest.lean()).map(withId);
  }

  async deleteBefore(at: Date): Promise<void> {
    await this.#model.deleteMany({ at: { $lt: at } });
  }
}
