import type { FactsFile } from '@bulkhead/ehr/providers';
import { mongooseSchemaOf, type StoreContext } from '@bulkhead/store';
import { z } from 'zod';
import { collections } from '../collections.ts';

const documentSchema = z.strictObject({
  id: z.string(),
  file: z.custom<FactsFile>(),
  appliedAt: z.date(),
});
const schema = mongooseSchemaOf(documentSchema, { collection: collections.providerFacts, minimize: false });

/** `provider_facts`: the file of facts that was applied last, for each environment of a provider. */
export class ProviderFactsRepository {
  readonly encryptedFields = [];
  readonly #gate;
  readonly #model;

  constructor({ database, gate }: StoreContext) {
    this.#gate = gate;
    this.#model = database.model('ProviderFacts', schema);
  }

  async save(file: FactsFile, now: Date): Promise<void> {
    const _id = `${file.provider}/${file.environment}`;
    await this.#gate.write(() => this.#model.updateOne({ _id }, { $set: { file, appliedAt: now } }, { upsert: true }));
  }

  async list(): Promise<readonly FactsFile[]> {
    return (await this.#model.find().sort({ _id: 1 }).lean()).map(({ file }) => file);
  }
}
