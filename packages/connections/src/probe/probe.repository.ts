import { randomUUID } from 'node:crypto';
import type { Facts } from '@bulkhead/ehr/providers';
import { createKeptOutTexts, isDuplicateKey, mongooseSchemaOf, type StoreContext, type Stored } from '@bulkhead/store';
import { collections } from '../collections.ts';
import { connectionError } from '../errors.ts';
import { activeProbePhases, type Probe, type ProbeAmounts, type ProbePhase, probeSchema } from './probe.record.ts';

const schema = mongooseSchemaOf(probeSchema, { collection: collections.connectionProbes, minimize: false });
schema.index({ phase: 1 });

interface ProbeRun {
  readonly id: string;
  readonly runId: string;
}

/** `connection_probes`: the last probe of each connection. */
export class ProbeRepository {
  readonly encryptedFields = [];
  readonly #gate;
  readonly #keptOutTexts;
  readonly #model;

  constructor({ database, gate }: StoreContext) {
    this.#gate = gate;
    const place = { database, collection: collections.connectionProbes };
    this.#keptOutTexts = createKeptOutTexts({ ...place, gate, schema: probeSchema });
    this.#model = database.model('ConnectionProbe', schema);
  }

  /** Replaces the last probe. Exports that it could not delete stay listed. @throws AppError `probe-running` */
  async start({
    connectionId,
    limits,
    now,
  }: {
    readonly connectionId: string;
    readonly limits: ProbeAmounts;
    readonly now: Date;
  }) {
    const used = { requests: 0, exports: 0 };
    const fields = { runId: randomUUID(), phase: 'queued' as const, limits, used, facts: {}, createdAt: now };
    const isEnded = { phase: { $nin: activeProbePhases } };
    try {
      await this.#gate.admit(connectionId, () =>
        this.#model.updateOne(
          { _id: connectionId, ...isEnded },
          { $set: fields, $unset: { isCancelled: 1, error: 1, endedAt: 1 }, $setOnInsert: { openExports: [] } },
          { upsert: true },
        ),
      );
    } catch (error) {
      throw isDuplicateKey(error) ? connectionError('probe-running') : error;
    }
  }

  async find(connectionId: string): Promise<Probe | undefined> {
    const document = await this.#model.findById(connectionId).lean();
    return document ? toRecord(document) : undefined;
  }

  async listActiveIds(): Promise<string[]> {
    const documents = await this.#model.find({ phase: { $in: activeProbePhases } }, { _id: 1 }).lean();
    return documents.map(({ _id }) => _id);
  }

  /** @returns false if the probe has run before, so that only its exports have to be deleted */
  async begin({ id, runId }: ProbeRun): Promise<boolean> {
    const begun = await this.#model.updateOne(
      { _id: id, runId, phase: 'queued' as const },
      { $set: { phase: 'running' as const } },
    );
    return begun.modifiedCount === 1;
  }

  /** Counts what was sent. @returns undefined if another process has ended the probe */
  async count({ id, runId }: ProbeRun, sent: Partial<ProbeAmounts>): Promise<Probe | undefined> {
    const { requests = 0, exports = 0 } = sent;
    const document = await this.#model
      .findOneAndUpdate(
        { _id: id, runId, phase: 'running' as const },
        { $inc: { 'used.requests': requests, 'used.exports': exports } as object },
        { returnDocument: 'after' },
      )
      .lean();
    return document ? toRecord(document) : undefined;
  }

  /** Also for a probe that another process has ended, so that the next job deletes the export. */
  async addExport(id: string, statusUrl: string): Promise<void> {
    await this.#model.updateOne({ _id: id }, { $addToSet: { openExports: statusUrl } });
  }

  async removeExport(id: string, statusUrl: string): Promise<void> {
    await this.#model.updateOne({ _id: id }, { $pull: { openExports: statusUrl } });
  }

  async saveFacts({ id, runId }: ProbeRun, facts: Facts): Promise<void> {
    await this.#model.updateOne({ _id: id, runId }, { $set: { facts } });
  }

  /** @returns false if the probe was not active */
  async cancel(id: string): Promise<boolean> {
    const filter = { _id: id, phase: { $in: activeProbePhases } };
    return (await this.#model.updateOne(filter, { $set: { isCancelled: true } })).matchedCount === 1;
  }

  async end(
    { id, runId }: ProbeRun,
    result: { readonly phase: ProbePhase; readonly error?: Probe['error']; readonly now: Date },
  ): Promise<void> {
    const { phase, error, now } = result;
    await this.#model.updateOne(
      { _id: id, runId, phase: { $in: activeProbePhases } },
      { $set: { phase, endedAt: now, ...(error ? { error } : {}) } },
    );
    await this.#keptOutTexts.forget(id, { _id: id, phase: { $nin: activeProbePhases } });
  }

  async delete(id: string): Promise<void> {
    await this.#model.deleteOne({ _id: id });
  }
}

function toRecord({ _id, ...fields }: Stored<typeof probeSchema>): Probe {
  return { id: _id, ...fields };
}
