import { isDuplicateKey, mongooseSchemaOf, type Stored } from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';
import { z } from 'zod';

const documentSchema = z.strictObject({
  /** `<API key id>/<the client's key>`, so that clients cannot use each other's keys. */
  id: z.string(),
  /** Equal for equal requests. */
  requestHash: z.string(),
  /** The record that the first request created, or was about to create. */
  recordId: z.string(),
  createdAt: z.date(),
});

/** The request that a client's `Idempotency-Key` names. */
export type IdempotentRequest = Pick<Stored<typeof documentSchema>, 'requestHash' | 'recordId'>;

export interface KeyUse {
  readonly clientId: string;
  readonly key: string;
  readonly request: IdempotentRequest;
  readonly now: Date;
}

/** Clients repeat a request within minutes. A day also covers a nightly job that is restarted in the morning. */
const keptSeconds = 24 * 60 * 60;

const schema = mongooseSchemaOf(documentSchema, { collection: 'idempotency_keys' });
schema.index({ createdAt: 1 }, { expireAfterSeconds: keptSeconds });

/** `idempotency_keys`: makes a repeated POST return the record of the first one. */
export class IdempotencyKeyRepository {
  private readonly model;

  constructor(database: Database) {
    this.model = database.model('IdempotencyKey', schema);
  }

  /** @returns the first request that used the key, which may be this one */
  async take(use: KeyUse): Promise<IdempotentRequest> {
    let first: IdempotentRequest | undefined;
    while (first === undefined) first = await this.tryToTake(use);
    return first;
  }

  /** Frees the key after a request that created nothing, so that the client may repeat it. */
  async release({ clientId, key, recordId }: { clientId: string; key: string; recordId: string }): Promise<void> {
    await this.model.deleteOne({ _id: `${clientId}/${key}`, recordId });
  }

  /** @returns undefined if the first request's key was released meanwhile */
  private async tryToTake({ clientId, key, request, now }: KeyUse): Promise<IdempotentRequest | undefined> {
    const _id = `${clientId}/${key}`;
    const expiredBefore = new Date(now.getTime() - keptSeconds * 1000);
    try {
      // The index expires keys, but only about once a minute and not on every engine.
      await this.model.deleteOne({ _id, createdAt: { $lt: expiredBefore } });
      await this.model.create({ _id, ...request, createdAt: now });
      return request;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    return (await this.model.findById(_id, { _id: 0, requestHash: 1, recordId: 1 }).lean()) ?? undefined;
  }
}
