import { randomUUID } from 'node:crypto';
import type { StoredProvider } from '@bulkhead/ehr/providers';
import { isDuplicateKey, mongooseSchemaOf, type StoreContext } from '@bulkhead/store';
import { z } from 'zod';
import { collections } from '../collections.ts';

const documentSchema = z.strictObject({
  id: z.string(),
  entry: z.custom<StoredProvider['entry']>(),
  /** Another one with each change. */
  version: z.string(),
  changedAt: z.date(),
});
const schema = mongooseSchemaOf(documentSchema, { collection: collections.providerEntries, minimize: false });

export type StoredEntry = StoredProvider & { readonly version: string };

/** `provider_entries`: the entries of providers that operators have stored, by the id of the provider. */
export class ProviderEntryRepository {
  readonly encryptedFields = [];
  readonly #gate;
  readonly #model;

  constructor({ database, gate }: StoreContext) {
    this.#gate = gate;
    this.#model = database.model('ProviderEntry', schema);
  }

  /**
   * @param options.from the version that is replaced. Undefined if nothing is stored
   * @returns false if another one is stored now
   */
  async save(options: {
    readonly provider: StoredProvider;
    readonly from: string | undefined;
    readonly now: Date;
  }): Promise<boolean> {
    const { provider, from, now } = options;
    const { id: _id, entry } = provider;
    const fields = { entry, version: randomUUID(), changedAt: now };
    return this.#gate.write(async () => {
      if (from !== undefined)
        return (await this.#model.updateOne({ _id, version: from }, { $set: fields })).matchedCount === 1;
      try {
        await this.#model.create({ _id, ...fields });
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    });
  }

  /** @returns false if another version is stored now, or none */
  async delete({ id: _id, version }: Pick<StoredEntry, 'id' | 'version'>): Promise<boolean> {
    return (await this.#model.deleteOne({ _id, version })).deletedCount === 1;
  }

  async list(): Promise<readonly StoredEntry[]> {
    const found = await this.#model.find().sort({ _id: 1 }).lean();
    return found.map(({ _id: id, entry, version }) => ({ id, entry, version }));
  }
}
