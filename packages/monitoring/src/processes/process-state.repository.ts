import { type Database, mongooseSchemaOf } from '@bulkhead/store';
import { z } from 'zod';
import { collections } from '../collections.ts';
import { maxSilenceMs, type ProcessState, processStateSchema } from './process-state.record.ts';

/** A process that has crashed is shown for this long, so that an operator sees it. */
const keptMs = 60 * 60_000;

/** More processes than a deployment has. A process that is restarted every 10 s leaves 360 records in an hour. */
const maxListed = 1000;

const documentSchema = processStateSchema.extend({
  /** The id of the key that the process encrypts with. */
  encryptionKeyId: z.string(),
});

const schema = mongooseSchemaOf(documentSchema, { collection: collections.processStates, minimize: false });
schema.index({ reportedAt: 1 }, { expireAfterSeconds: keptMs / 1000 });

/**
 * `process_states`: what the API and worker processes say about themselves.
 * @param encryptionKeyId the id of the key that this process encrypts with
 */
export class ProcessStateRepository {
  readonly #encryptionKeyId;
  readonly #model;

  constructor(database: Database, encryptionKeyId: string) {
    this.#encryptionKeyId = encryptionKeyId;
    this.#model = database.model('ProcessState', schema);
  }

  async save({ id, ...fields }: ProcessState): Promise<void> {
    const encryptionKeyId = this.#encryptionKeyId;
    await this.#model.replaceOne({ _id: id }, { ...fields, encryptionKeyId } as never, { upsert: true });
  }

  /**
   * Lists the processes that have reported within the last hour, the newest report first. It checks the hour itself, because some
   * database engines lack TTL indexes.
   */
  async list(now: Date): Promise<ProcessState[]> {
    const recent = { reportedAt: { $gte: new Date(now.getTime() - keptMs) } };
    const documents = await this.#model.find(recent).sort({ reportedAt: -1 }).limit(maxListed).lean();
    return documents.map(({ _id, encryptionKeyId: _, ...fields }) => ({ id: _id, ...fields }));
  }

  /** Lists the running processes that encrypt with another key than this process, the oldest first. */
  async listWithOtherKey(now: Date): Promise<Pick<ProcessState, 'kind' | 'host' | 'pid'>[]> {
    const isRunning = { isStopped: false, reportedAt: { $gte: new Date(now.getTime() - maxSilenceMs) } };
    const hasOtherKey = { encryptionKeyId: { $ne: this.#encryptionKeyId } };
    const fields = { _id: 0, kind: 1, host: 1, pid: 1 } as const;
    return this.#model
      .find({ ...isRunning, ...hasOtherKey }, fields)
      .sort({ startedAt: 1, _id: 1 })
      .lean();
  }
}
