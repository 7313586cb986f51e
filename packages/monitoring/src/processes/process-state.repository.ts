import { mongooseSchemaOf } from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';
import { type ProcessState, processStateSchema } from './process-state.record.ts';

/** A process that has crashed is shown for this long, so that an operator sees it. */
const keptMs = 60 * 60_000;

/** More processes than a deployment has. A process that is restarted every 10 s leaves 360 records in an hour. */
const maxListed = 1000;

const schema = mongooseSchemaOf(processStateSchema, { collection: 'process_states', minimize: false });
schema.index({ reportedAt: 1 }, { expireAfterSeconds: keptMs / 1000 });

/** `process_states`: what the API and worker processes say about themselves. */
export function createProcessStateRepository(database: Database) {
  const model = database.model('ProcessState', schema);
  return {
    async save({ id, ...fields }: ProcessState): Promise<void> {
      await model.replaceOne({ _id: id }, fields as never, { upsert: true });
    },

    /**
     * Lists the processes that have reported within the last hour, the newest report first. It checks the hour itself, because some
     * database engines lack TTL indexes.
     */
    async list(now: Date): Promise<ProcessState[]> {
      const recent = { reportedAt: { $gte: new Date(now.getTime() - keptMs) } };
      const documents = await model.find(recent).sort({ reportedAt: -1 }).limit(maxListed).lean();
      return documents.map(({ _id, ...fields }) => ({ id: _id, ...fields }));
    },
  };
}
