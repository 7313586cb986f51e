import { randomUUIDv7 } from 'node:crypto';
import { mongooseSchemaOf, type PatientOfConnection, type StoreContext, type Stored, withId } from '@bulkhead/store';
import { type ServedExport, servedExportSchema } from './served-export.record.ts';

const schema = mongooseSchemaOf(servedExportSchema, { collection: 'served_exports' });
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
schema.index({ connectionId: 1 });

/** `served_exports`: the exports that clients read from here. */
export class ServedExportRepository {
  private readonly model;
  private readonly gate;

  constructor({ database, gate }: Pick<StoreContext, 'database' | 'gate'>) {
    this.model = database.model('ServedExport', schema);
    this.gate = gate;
  }

  async create(fields: Omit<ServedExport, 'id'>): Promise<string> {
    const _id = `served_${randomUUIDv7().replaceAll('-', '')}`;
    // It can have ids of patients, so it is not stored while they are being erased.
    await this.gate.write(() => this.model.create({ _id, ...fields }));
    return _id;
  }

  /** Checks the end itself, because the TTL index removes records only about once a minute. */
  async find({ id, now }: { readonly id: string; readonly now: Date }): Promise<ServedExport | undefined> {
    const document = await this.model.findById(id).lean<Stored<typeof servedExportSchema>>();
    return document && document.expiresAt > now ? withId(document) : undefined;
  }

  async delete(id: string): Promise<void> {
    await this.model.deleteOne({ _id: id });
  }

  /** Deletes the exports that are limited to the patient, and those whose searches may be. The others contain no ids. */
  async deleteOfPatient({ connectionId, patientId }: PatientOfConnection): Promise<number> {
    const mayNamePatient = { $or: [{ patients: patientId }, { 'typeFilters.0': { $exists: true } }] };
    return (await this.model.deleteMany({ connectionId, ...mayNamePatient })).deletedCount;
  }

  async deleteOfConnection(connectionId: string): Promise<number> {
    return (await this.model.deleteMany({ connectionId })).deletedCount;
  }
}
