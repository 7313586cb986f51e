import { createEncryptedField, mongooseSchemaOf, type StoreContext } from '@bulkhead/store';
import { z } from 'zod';
import { collections } from './collections.ts';
import { type Connection, type ConnectionTest, connectionTestSchema } from './connection.record.ts';

const documentSchema = z.strictObject({
  id: z.string(),
  /** The connection with its credentials, encrypted. Absent once the test has ended. */
  encrypted: z.string().exactOptional(),
  test: connectionTestSchema.exactOptional(),
  expiresAt: z.date(),
});
const schema = mongooseSchemaOf(documentSchema, { collection: collections.connectionDrafts });
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

/** Longer than the time limit of a test. The API deletes a draft as soon as it has the result. */
const keptMs = 5 * 60_000;

/** `connection_drafts`: connections that are tested before they are saved. They exist while the test runs. */
export class ConnectionDraftRepository {
  readonly encryptedFields;
  readonly #gate;
  readonly #model;
  readonly #encryptedConnection;

  constructor({ database, secretBox, gate }: StoreContext) {
    this.#gate = gate;
    this.#model = database.model('ConnectionDraft', schema);
    this.#encryptedConnection = createEncryptedField({
      database,
      secretBox,
      collection: collections.connectionDrafts,
      field: 'encrypted',
      ownerOf: (id) => `${id}/draft`,
    });
    this.encryptedFields = [this.#encryptedConnection];
  }

  async insert(connection: Connection): Promise<void> {
    const { id } = connection;
    // Drafts of processes that have crashed, for database engines that lack TTL indexes.
    await this.#model.deleteMany({ expiresAt: { $lt: new Date() } });
    await this.#gate.write(() => {
      const encrypted = this.#encryptedConnection.encrypt(id, JSON.stringify(connection));
      return this.#model.create({ _id: id, encrypted, expiresAt: new Date(Date.now() + keptMs) });
    });
  }

  /** @returns undefined if the test has ended */
  async find(id: string): Promise<Connection | undefined> {
    const document = await this.#model.findById(id, { encrypted: 1 }).lean();
    if (document?.encrypted === undefined) return undefined;
    const draft = JSON.parse(this.#encryptedConnection.decrypt(id, document.encrypted).toString()) as Connection;
    return { ...draft, createdAt: new Date(draft.createdAt) };
  }

  /** Stores the result and deletes the credentials. */
  async saveTest({ id, test }: { readonly id: string; readonly test: ConnectionTest }): Promise<void> {
    await this.#model.updateOne({ _id: id }, { $set: { test }, $unset: { encrypted: 1 } });
  }

  async findTest(id: string): Promise<ConnectionTest | undefined> {
    return (await this.#model.findById(id, { test: 1 }).lean())?.test;
  }

  async delete(id: string): Promise<void> {
    await this.#model.deleteOne({ _id: id });
  }
}
