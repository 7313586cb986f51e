import { randomUUIDv7 } from 'node:crypto';
import { hashOf, newSecret } from '@bulkhead/base';
import { batchedFind, type Database, mongooseSchemaOf, recordOf, type Stored, withId } from '@bulkhead/store';
import { collections } from '../collections.ts';
import { type BackendClient, backendClientSchema, maxSecrets } from './backend-client.record.ts';

/** Often enough to see that a client is in use, without a write for each token. */
const useNotedEveryMs = 60_000;

const schema = mongooseSchemaOf(backendClientSchema, { collection: collections.backendClients });
schema.index({ connectionIds: 1 });

/** `backend_clients`: programs that read by SMART Backend Services. Only public keys and hashes of secrets are stored. */
export class BackendClientRepository {
  readonly #model;
  readonly #findById;

  constructor(database: Database) {
    this.#model = database.model('BackendClient', schema);
    this.#findById = batchedFind<Stored<typeof backendClientSchema>>(this.#model);
  }

  async create({ now, ...fields }: Omit<BackendClient, 'id' | 'createdAt'> & { readonly now: Date }) {
    const document = { _id: `client_${randomUUIDv7().replaceAll('-', '')}`, ...fields, createdAt: now };
    await this.#model.create(document);
    return withId(document);
  }

  /** Also finds revoked clients. */
  async find(id: string): Promise<BackendClient | undefined> {
    return recordOf(await this.#findById(id));
  }

  /** Oldest first, including revoked clients. There is no paging, because operators register clients by hand and have a few dozen. */
  async list(): Promise<BackendClient[]> {
    const documents = await this.#model.find().sort({ _id: 1 }).lean<readonly Stored<typeof backendClientSchema>[]>();
    return documents.map(withId);
  }

  async revoke({ id, now }: { readonly id: string; readonly now: Date }): Promise<void> {
    await this.#model.updateOne({ _id: id, revokedAt: { $exists: false } }, { $set: { revokedAt: now } });
  }

  /** @returns the secret itself, which cannot be shown again, or undefined if the client has as many as it may have */
  async addSecret({ clientId, now }: { readonly clientId: string; readonly now: Date }) {
    const secret = `bhs_${newSecret()}`;
    const id = `secret_${randomUUIDv7().replaceAll('-', '')}`;
    const { matchedCount } = await this.#model.updateOne(
      { _id: clientId, [`secrets.${maxSecrets - 1}`]: { $exists: false } },
      { $push: { secrets: { id, hash: hashOf(secret), createdAt: now } } },
    );
    return matchedCount === 1 ? { id, secret, createdAt: now } : undefined;
  }

  /** @returns false if the client has no such secret */
  async deleteSecret({ clientId, id }: { readonly clientId: string; readonly id: string }): Promise<boolean> {
    const { modifiedCount } = await this.#model.updateOne({ _id: clientId }, { $pull: { secrets: { id } } });
    return modifiedCount === 1;
  }

  /** The ids of the clients that are limited to this connection and others. */
  async listIdsOf(connectionId: string): Promise<string[]> {
    const documents = await this.#model.find({ connectionIds: connectionId }, { _id: 1 }).lean();
    return documents.map(({ _id }) => _id);
  }

  /** If this was the only connection of a client, its list becomes empty. An absent list would allow all connections. */
  async forgetConnection(connectionId: string): Promise<void> {
    await this.#model.updateMany({ connectionIds: connectionId }, { $pull: { connectionIds: connectionId } });
  }

  /** Writes at most once a minute. */
  async noteUse({ id, lastUsedAt }: Pick<BackendClient, 'id' | 'lastUsedAt'>, now: Date): Promise<void> {
    if (lastUsedAt && lastUsedAt.getTime() > now.getTime() - useNotedEveryMs) return;
    await this.#model.updateOne({ _id: id }, { $set: { lastUsedAt: now } });
  }
}
