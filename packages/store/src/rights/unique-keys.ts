import { z } from 'zod';
import type { Database } from '../connection/database.ts';
import { batchedInsert } from '../queries/batched.ts';
import { mongooseSchemaOf } from '../records/mongoose-fields-of.ts';

const documentSchema = z.strictObject({
  /** The key. */
  id: z.string(),
  /** The id of the record that has it. */
  holder: z.string(),
  connectionId: z.string(),
  takenAt: z.date(),
});

/** A holder writes its record right after it took its keys. If the record is missing after this time, its process has died in between. */
const writeTimeoutMs = 10_000;

/** What a record takes a key with. */
export interface KeyRequest {
  readonly key: string;
  readonly holder: string;
  readonly connectionId: string;
  readonly now: Date;
}

/**
 * Keys that one record has at a time: a name, a running request, a slot. The `_id` guards them, because every engine and a sharded collection
 * keep it unique (docs/decisions/0001-unique-ids-only.md). A key whose holder no longer needs it may be taken without being released.
 */
export class UniqueKeys {
  readonly #model;
  readonly #insert;
  readonly #isNeeded;

  constructor(options: {
    readonly database: Database;
    readonly collection: string;
    /** Whether the record of the holder still needs the key. Undefined if it does not say so yet, or has not been written. */
    readonly isNeeded: (holder: string, key: string) => Promise<boolean | undefined>;
  }) {
    const { database, collection, isNeeded } = options;
    const schema = mongooseSchemaOf(documentSchema, { collection });
    schema.index({ connectionId: 1 });
    this.#model = database.model(collection, schema);
    this.#insert = batchedInsert(this.#model);
    this.#isNeeded = isNeeded;
  }

  /** Takes the key, also if its holder no longer needs it. @returns the record that has it now */
  async take(request: KeyRequest): Promise<string> {
    let holder: string | undefined;
    while (holder === undefined) holder = await this.#tryToTake(request);
    return holder;
  }

  /** The holders of those of the keys that are taken. */
  async listHolders(keys: readonly string[]): Promise<string[]> {
    return (await this.#model.find({ _id: { $in: keys } }).lean()).map(({ holder }) => holder);
  }

  async release({ key, holder }: Pick<KeyRequest, 'key' | 'holder'>): Promise<void> {
    await this.#model.deleteOne({ _id: key, holder });
  }

  async releaseAllOf(connectionId: string): Promise<void> {
    await this.#model.deleteMany({ connectionId });
  }

  /** @returns the record that has the key now, or undefined if another process changed it meanwhile */
  async #tryToTake({ key, holder, connectionId, now }: KeyRequest): Promise<string | undefined> {
    if (await this.#insert({ _id: key, holder, connectionId, takenAt: now })) return holder;
    const taken = await this.#model.findById(key).lean();
    if (!taken || taken.holder === holder) return taken?.holder;
    const isRecent = now.getTime() - taken.takenAt.getTime() <= writeTimeoutMs;
    if ((await this.#isNeeded(taken.holder, key)) ?? isRecent) return taken.holder;
    const change = { $set: { holder, connectionId, takenAt: now } };
    const takeover = await this.#model.updateOne({ _id: key, holder: taken.holder }, change);
    return takeover.matchedCount === 1 ? holder : undefined;
  }
}
