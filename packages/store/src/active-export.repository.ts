import { type Connection as Database, Schema } from 'mongoose';
import { isDuplicateKey } from './store-errors.ts';

interface ActiveExportDocument {
  /** `<connectionId>/<request key>`. */
  readonly _id: string;
  readonly exportId: string;
  readonly takenAt: Date;
}

const schema = new Schema<ActiveExportDocument>(
  { _id: String, exportId: { type: String, required: true }, takenAt: { type: Date, required: true } },
  { collection: 'active_exports', versionKey: false, strict: 'throw' },
);

/** The record is written right after the place is taken; a holder without a record after this long has died in between. */
const insertTimeoutMs = 10_000;

/**
 * `active_exports`: at most one running export per connection and request. The guard is the uniqueness of `_id`, which
 * every engine and a sharded collection keeps; a unique index over a field that later changes is not as portable.
 */
export function createActiveExportRepository(database: Database) {
  const model = database.model('ActiveExport', schema);
  return {
    /**
     * Takes the place, or takes it over from an export that has ended.
     * @returns the id of the export that holds it: `exportId` if it was taken.
     */
    async take(options: {
      readonly key: string;
      readonly exportId: string;
      readonly now: Date;
      readonly hasEnded: (exportId: string) => Promise<boolean | undefined>;
    }): Promise<string> {
      const { key, exportId, now, hasEnded } = options;
      try {
        await model.create({ _id: key, exportId, takenAt: now });
        return exportId;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      const holder = await model.findById(key).lean();
      if (!holder) return this.take(options);
      const ended = (await hasEnded(holder.exportId)) ?? now.getTime() - holder.takenAt.getTime() > insertTimeoutMs;
      if (!ended) return holder.exportId;
      const taken = await model.updateOne(
        { _id: key, exportId: holder.exportId },
        { $set: { exportId, takenAt: now } },
      );
      // Not `modifiedCount`: an export that takes its own place again may change nothing.
      return taken.matchedCount === 1 ? exportId : this.take(options);
    },
  };
}
