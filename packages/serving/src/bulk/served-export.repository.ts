import { randomUUIDv7 } from 'node:crypto';
import { containsId } from '@bulkhead/fhir';
import { mongooseSchemaOf, type PatientOfConnection, type StoreContext, type Stored, withId } from '@bulkhead/store';
import { collections } from './collections.ts';
import { type ServedExport, servedExportSchema } from './served-export.record.ts';

const schema = mongooseSchemaOf(servedExportSchema, { collection: collections.servedExports });
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
schema.index({ connectionId: 1 });

/** `served_exports`: the exports that clients read from here. */
export class ServedExportRepository {
  readonly #model;
  readonly #gate;

  constructor({ database, gate }: Pick<StoreContext, 'database' | 'gate'>) {
    this.#model = database.model('ServedExport', schema);
    this.#gate = gate;
  }

  async create(fields: Omit<ServedExport, 'id'>): Promise<string> {
    const _id = `served_${randomUUIDv7().replaceAll('-', '')}`;
    // It can have ids of patients, so it is not stored while they are being erased.
    await this.#gate.write(() => this.#model.create({ _id, ...fields }));
    return _id;
  }

  /** Checks the end itself, because the TTL index removes records only about once a minute. */
  async find({ id, now }: { readonly id: string; readonly now: Date }): Promise<ServedExport | undefined> {
    const document = await this.#model.findById(id).lean<Stored<typeof servedExportSchema>>();
    return document && document.expiresAt > now ? withId(document) : undefined;
  }

  async delete(id: string): Promise<void> {
    await this.#model.deleteOne({ _id: id });
  }

  /** Deletes the exports whose request names the patient, and those with searches, which can find the patient by a name. */
  async deleteOfPatient({ connectionId, patientId }: PatientOfConnection): Promise<number> {
    const ids: string[] = [];
    for await (const { _id, typeFilters, request, patients, elements, ignored, parts } of this.#model
      .find({ connectionId })
      .lean()) {
      const texts = [request, ...patients, ...elements, ...ignored, ...parts.flatMap(({ starts }) => starts)];
      if (typeFilters.length > 0 || texts.some((text) => containsId(text, patientId))) ids.push(_id);
    }
    return (await this.#model.deleteMany({ _id: { $in: ids } })).deletedCount;
  }

  async deleteOfConnection(connectionId: string): Promise<number> {
    return (await this.#model.deleteMany({ connectionId })).deletedCount;
  }
}
