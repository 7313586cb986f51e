import type { StoredProvider } from '@bulkhead/ehr/providers';
import { mongooseSchemaOf, type StoreContext } from '@bulkhead/store';
import { z } from 'zod';
import { collections } from '../collections.ts';

const documentSchema = z.strictObject({
  id: z.string(),
  entry: z.custom<StoredProvider['entry']>(),
  changedAt: z.date(),
});
const schema = mongooseSchemaOf(documentSchema, { collection: collections.providerEntries, minimize: false });

/** `provider_entries`: the entries of providers that operators have stored, by the id of the provider. */
export class ProviderEntryRepository {
  readonly encryptedFields = [];
  readonly #gate;
  readonly #model;

  constructor({ database, gate }: StoreContext) {
    this.#gate = gate;
    this.#model = database.model('ProviderEntry', schema);
  }

  async save({ id: _id, entry }: StoredProvider, now: Date): Promise<void> {
    await this.#gate.write(() => this.#model.updateOne({ _id }, { $set: { entry, changedAt: now } }, { upsert: true }));
  }

  /** @returns false if there was none */
  async delete(id: string): Promise<boolean> {
    return (await this.#model.deleteOne({ _id: id })).deletedCount === 1;
  }

  async list(): Promise<readonly StoredProvider[]> {
    return (await this.#model.find().sort({ _id: 1 }).lean()).map(({ _id, entry }) => ({ id: _id, entry }));
  }
}
