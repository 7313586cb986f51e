import { createHash, randomUUIDv7 } from 'node:crypto';
import { batchedFind, type Database, mongooseSchemaOf, type Stored } from '@bulkhead/store';
import { z } from 'zod';
import { type ApiKey, apiKeySchema } from './api-key.record.ts';
import { apiKeyPrefix, isMistyped, makeApiKeyText } from './api-key-text.ts';
import { collections } from './collections.ts';

export interface NewApiKey extends Pick<ApiKey, 'name' | 'role'> {
  readonly expiresAt?: Date | undefined;
  readonly connectionIds?: readonly string[] | undefined;
  readonly requestsPerMinute?: number | undefined;
  readonly now: Date;
}

const documentSchema = apiKeySchema.extend({
  /** SHA-256 of the key. It has 256 random bits, so a slow hash would add nothing. */
  id: z.string(),
  /** The public id. */
  keyId: z.string(),
});
type ApiKeyDocument = Stored<typeof documentSchema>;

/** Often enough to see that a key is in use, without a write for each of several hundred requests a second. */
const useNotedEveryMs = 60_000;

const schema = mongooseSchemaOf(documentSchema, { collection: collections.apiKeys });
schema.index({ keyId: 1 });

/** `api_keys`: who may call the API. Only hashes of the keys are stored. */
export class ApiKeyRepository {
  readonly #model;
  readonly #findByHash;

  constructor(database: Database) {
    this.#model = database.model('ApiKey', schema);
    this.#findByHash = batchedFind<ApiKeyDocument>(this.#model);
  }

  /** @returns the record, and the key itself, which cannot be shown again */
  async issue({ now, ...fields }: NewApiKey): Promise<{ readonly apiKey: ApiKey; readonly key: string }> {
    const key = makeApiKeyText();
    const keyId = `key_${randomUUIDv7().replaceAll('-', '')}`;
    const changes = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    const document = { ...(changes as typeof fields), keyId, prefix: apiKeyPrefix(key), createdAt: now };
    await this.#model.create({ _id: hash(key), ...document } as ApiKeyDocument);
    return { apiKey: toRecord({ _id: hash(key), ...document } as ApiKeyDocument), key };
  }

  /** @returns the key itself, which cannot be shown again */
  async create(options: NewApiKey): Promise<string> {
    return (await this.issue(options)).key;
  }

  /** @returns how many keys had that name */
  async deleteByName(name: string): Promise<number> {
    const { deletedCount } = await this.#model.deleteMany({ name });
    return deletedCount;
  }

  /** Also finds expired and revoked keys. */
  async findByKey(key: string): Promise<ApiKey | undefined> {
    if (isMistyped(key)) return undefined;
    const document = await this.#findByHash(hash(key));
    return document ? toRecord(document) : undefined;
  }

  async find(id: string): Promise<ApiKey | undefined> {
    const document = await this.#model.findOne({ keyId: id }).lean();
    return document ? toRecord(document) : undefined;
  }

  /** Oldest first, including revoked keys. There is no paging, because operators create keys by hand and have a few dozen. */
  async list(): Promise<ApiKey[]> {
    const documents = await this.#model.find().sort({ createdAt: 1, _id: 1 }).lean();
    return documents.map(toRecord);
  }

  async revoke({ id, now }: { readonly id: string; readonly now: Date }): Promise<void> {
    await this.#model.updateOne({ keyId: id, revokedAt: { $exists: false } }, { $set: { revokedAt: now } });
  }

  async undoRevocation(id: string): Promise<void> {
    await this.#model.updateOne({ keyId: id }, { $unset: { revokedAt: 1 } });
  }

  /** The ids of the keys that are limited to this connection and others. */
  async listIdsOf(connectionId: string): Promise<string[]> {
    const documents = await this.#model.find({ connectionIds: connectionId }).lean();
    return documents.map((document) => toRecord(document).id);
  }

  /** If this was the only connection of a key, its list becomes empty. An absent list would allow all connections. */
  async forgetConnection(connectionId: string): Promise<void> {
    const ofConnection = { connectionIds: connectionId };
    await this.#model.updateMany(ofConnection, { $pull: ofConnection });
  }

  /** Writes at most once a minute. */
  async noteUse({ id, lastUsedAt }: Pick<ApiKey, 'id' | 'lastUsedAt'>, now: Date): Promise<void> {
    const before = new Date(now.getTime() - useNotedEveryMs);
    if (lastUsedAt && lastUsedAt > before) return;
    // If several requests arrive at the same moment, one of them writes.
    const isDue = { $or: [{ lastUsedAt: { $exists: false } }, { lastUsedAt: { $lte: before } }] };
    await this.#model.updateOne({ keyId: id, ...isDue }, { $set: { lastUsedAt: now } });
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function toRecord({ _id, keyId, ...fields }: ApiKeyDocument): ApiKey {
  return { id: keyId, ...fields };
}
