import { type Database, mongooseSchemaOf, type Named } from '@bulkhead/store';
import { z } from 'zod';
import { collections } from '../collections.ts';
import { isProvablyGone, isReplacedBy, type ProcessIdentity } from './process-identity.ts';

const processSchema = z.strictObject({
  id: z.string(),
  kind: z.string(),
  host: z.string(),
  pid: z.int(),
  boot: z.string().exactOptional(),
  pidNamespace: z.string().exactOptional(),
  startedTicks: z.int().exactOptional(),
  /** The id of the key that the process encrypts with. */
  encryptionKeyId: z.string(),
  /** Every write of the process that was admitted before this epoch has ended. -1 until it has reported for the first time. */
  epoch: z.int(),
  /** By the clock of the database. */
  reportedAt: z.date(),
});
export type WritingProcess = z.output<typeof processSchema>;

const schema = mongooseSchemaOf(processSchema, { collection: collections.writingProcesses });
const epochSchema = mongooseSchemaOf(z.strictObject({ id: z.string(), epoch: z.int() }), {
  collection: collections.erasureEpochs,
});
/** There is one epoch for all connections, because erasures are rare. */
const epochId = 'all';

/**
 * `writing_processes`: the processes that may have a write under way. A process removes its record when it has written nothing for a while,
 * and when it stops. The record of a process that was killed is removed by a process that can prove its end: one on the same machine, or
 * the one that was started in the same container. Otherwise an operator confirms it, because a machine that does not answer may only sleep.
 *
 * @param options.self the identity of this process
 * @param options.verifyKeys throws if values that this process encrypts could be read by no other process
 */
export class WritingProcessRepository {
  readonly #self;
  readonly #encryptionKeyId;
  readonly #verifyKeys;
  readonly #model;
  // Mongoose would cast the expressions of a pipeline.
  readonly #records;
  readonly #epochs;

  constructor(options: {
    readonly database: Database;
    readonly self: ProcessIdentity;
    readonly encryptionKeyId: string;
    readonly verifyKeys: () => Promise<void>;
  }) {
    const { database, self, encryptionKeyId, verifyKeys } = options;
    this.#self = self;
    this.#encryptionKeyId = encryptionKeyId;
    this.#verifyKeys = verifyKeys;
    this.#model = database.model('WritingProcess', schema);
    this.#records = database.collection<Named>(collections.writingProcesses);
    this.#epochs = database.model('ErasureEpoch', epochSchema);
  }

  /** Call it when the process starts. It removes the records of the processes that this one has replaced. */
  removeReplaced(): Promise<void> {
    return this.#removeIf({ host: this.#self.host }, (other) => this.#isGone(other) || isReplacedBy(other, this.#self));
  }

  /** @param id of the registration. A process may register again with another one. @throws AppError `encryption-key-missing` */
  async register(id: string): Promise<void> {
    const fields = { ...this.#self, encryptionKeyId: this.#encryptionKeyId, epoch: -1, reportedAt: '$$NOW' };
    await this.#records.updateOne({ _id: id }, [{ $set: fields }], { upsert: true });
    try {
      // After the registration, which a rotation of the key sees. So the keys were rotated before, or are not rotated now.
      await this.#verifyKeys();
    } catch (error) {
      await this.#model.deleteOne({ _id: id });
      throw error;
    }
  }

  /** The processes that may write values which they encrypt with another key. */
  async listWithOtherKey(): Promise<WritingProcess[]> {
    const hasOtherKey = { encryptionKeyId: { $ne: this.#encryptionKeyId } };
    await this.#removeIf({ ...hasOtherKey, host: this.#self.host }, (other) => this.#isGone(other));
    const processes = await this.#model.find(hasOtherKey).sort({ _id: 1 }).lean();
    return processes.map(({ _id, ...fields }) => ({ id: _id, ...fields }));
  }

  async readEpoch(): Promise<number> {
    return (await this.#epochs.findById(epochId).lean())?.epoch ?? 0;
  }

  /** Call it after the rules of an erasure are stored. @returns the epoch that includes them */
  async raiseEpoch(): Promise<number> {
    const options = { upsert: true, returnDocument: 'after' } as const;
    return (
      await this.#epochs
        .findOneAndUpdate({ _id: epochId }, { $inc: { epoch: 1 } }, options)
        .orFail()
        .lean()
    ).epoch;
  }

  /** @returns false if the process is no longer registered */
  async report({ id, epoch }: { readonly id: string; readonly epoch: number }): Promise<boolean> {
    // An earlier report can arrive after a later one.
    const change = [{ $set: { epoch: { $max: ['$epoch', epoch] }, reportedAt: '$$NOW' } }];
    return (await this.#records.updateOne({ _id: id }, change)).matchedCount > 0;
  }

  /** @returns false if it is not registered */
  async remove(id: string): Promise<boolean> {
    return (await this.#model.deleteOne({ _id: id })).deletedCount > 0;
  }

  /** The processes that may still be writing what an erasure of this epoch has deleted. */
  async listBefore(epoch: number): Promise<WritingProcess[]> {
    const before = { epoch: { $lt: epoch } };
    await this.#removeIf({ ...before, host: this.#self.host }, (other) => this.#isGone(other));
    const processes = await this.#model.find(before).sort({ _id: 1 }).lean();
    return processes.map(({ _id, ...fields }) => ({ id: _id, ...fields }));
  }

  #isGone(other: WritingProcess) {
    return isProvablyGone(other, this.#self);
  }

  async #removeIf(filter: object, isRemoved: (other: WritingProcess) => boolean): Promise<void> {
    const processes = await this.#model.find(filter).lean();
    const removed = processes.map(({ _id, ...fields }) => ({ id: _id, ...fields }) as WritingProcess).filter(isRemoved);
    if (removed.length > 0) await this.#model.deleteMany({ _id: { $in: removed.map(({ id }) => id) } });
  }
}
