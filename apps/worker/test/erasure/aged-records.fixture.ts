import type { BulkExport } from '@bulkhead/bulk-export';
import { makeBulkExport, makeOutputFile } from '@bulkhead/bulk-export/testing';
import { withDocuments } from '@bulkhead/documents/steps';
import type { RetainedKind } from '@bulkhead/erasure';
import { toTombstone } from '@bulkhead/resources';
import { makeDocument } from '@bulkhead/resources/testing';
import type { SyncRun } from '@bulkhead/sync';
import { makeSyncRun } from '@bulkhead/sync/testing';
import type { WebhookState } from '@bulkhead/webhooks';
import type { OpenDatabase } from '../harness/open-database.ts';
import type { UseCases } from '../harness/start-use-cases.ts';

const dayMs = 24 * 60 * 60_000;
const hourMs = 60 * 60_000;

/** Adds records of any age, relative to the retention of their kind. */
export class AgedRecords {
  readonly #cases: UseCases;
  readonly #database: OpenDatabase;
  #count = 0;

  constructor({ cases, database }: { readonly cases: UseCases; readonly database: OpenDatabase }) {
    this.#cases = cases;
    this.#database = database;
  }

  /** The time this number of days ago. */
  daysAgo(days: number): Date {
    return new Date(this.#cases.clock.now.getTime() - days * dayMs);
  }

  /** A time before the limit of a kind. */
  tooOld(kind: RetainedKind): Date {
    return new Date(this.#limitOf(kind) - hourMs);
  }

  /** A time after the limit of a kind. */
  youngEnough(kind: RetainedKind): Date {
    return new Date(this.#limitOf(kind) + hourMs);
  }

  #limitOf(kind: RetainedKind): number {
    return this.daysAgo(this.#cases.deps.retentionDays[kind]).getTime();
  }

  /** Adds an ended export with a file in its ledger. */
  async addExport(change: Partial<BulkExport> & { readonly active?: boolean } = {}): Promise<BulkExport> {
    const { active = false, ...fields } = change;
    const ended = { phase: 'completed', completedAt: fields.createdAt ?? this.tooOld('bulk-export') } as const;
    const record = makeBulkExport({
      id: this.#nextId('job'),
      createdAt: this.tooOld('bulk-export'),
      ...ended,
      ...fields,
    });
    await this.#cases.deps.store.bulkExports.insert({ record, requestKey: record.id });
    await this.#database.db.collection('bulk_exports').updateOne({ _id: record.id as never }, { $set: { active } });
    await this.#cases.deps.store.outputFiles.insertMissing([
      makeOutputFile({
        id: `${record.id}.f`,
        exportId: record.id,
        connectionId: record.connectionId,
        state: 'completed',
      }),
    ]);
    return record;
  }

  async addRun(change: Partial<SyncRun> & { readonly active?: boolean } = {}): Promise<SyncRun> {
    const { active = false, ...fields } = change;
    const ended = { phase: 'completed', completedAt: fields.createdAt ?? this.tooOld('sync-run') } as const;
    const record = makeSyncRun({ id: this.#nextId('sync'), createdAt: this.tooOld('sync-run'), ...ended, ...fields });
    const { id: _id, ...document } = record;
    await this.#database.db.collection('sync_runs').insertOne({ _id: _id as never, ...document, active });
    await this.#cases.deps.store.syncSteps.insertMissing([
      {
        id: `${record.id}.s`,
        runId: record.id,
        connectionId: record.connectionId,
        patientIds: ['p1'],
        searches: [],
        state: 'completed',
        attempts: 1,
      },
    ]);
    return record;
  }

  async addLine(options: {
    readonly exportId: string;
    readonly at: Date;
    readonly fileId?: string;
    readonly isReplayed?: boolean;
    readonly sizeBytes?: number;
  }): Promise<string> {
    const { exportId, at, fileId = `${exportId}.f`, isReplayed = false, sizeBytes = 10 } = options;
    const { quarantine } = this.#cases.deps.store;
    const offset = ++this.#count;
    const bytes = Buffer.alloc(sizeBytes, 'x');
    const connectionId = this.#cases.connection.id;
    const place = { connectionId, exportId, fileId, line: offset, offset, reason: 'not-json', sizeBytes };
    await quarantine.put({ lines: [{ ...place, bytes }], now: at });
    const id = `${fileId}.${String(offset).padStart(16, '0')}`;
    if (isReplayed) await quarantine.noteReplay({ id, now: at });
    return id;
  }

  async addDelivery(state: WebhookState, createdAt: Date): Promise<string> {
    const id = this.#nextId('hook');
    const fields = { connectionId: 'conn_1', url: 'https://client.example', type: 'bulk-export.completed', body: '{}' };
    await this.#cases.deps.store.webhookDeliveries.insertMissing({ id, ...fields, state, attempts: [], createdAt });
    return `webhook_deliveries/${id}`;
  }

  /** @param reference such as `Patient/p1` @returns the key of the tombstone in a dump */
  async addTombstone(reference: string, at: Date): Promise<string> {
    const [resourceType = '', resourceId = ''] = reference.split('/');
    await this.#cases.deps.store.resourceWriter.write(resourceType, [
      toTombstone({ resourceId, deletedAt: at, context: this.#contextAt(at) }),
    ]);
    return `${resourceType}/${this.#cases.connection.id}/${resourceId}`;
  }

  /** Stores a report, as an export does. @returns the ids of its documents */
  async receiveReport(id: string, options: { readonly attachments: readonly object[]; readonly versionId: string }) {
    const { attachments: presentedForm, versionId } = options;
    const at = this.#cases.clock.now;
    const meta = { versionId, lastUpdated: at.toISOString() };
    const report = makeDocument({ resourceType: 'DiagnosticReport', id, meta, presentedForm }, this.#contextAt(at));
    await withDocuments(this.#cases.deps).write('DiagnosticReport', [report]);
    const filter = { connectionId: this.#cases.connection.id, 'resource.id': id };
    return (await this.#cases.deps.store.documents.list({ filter, limit: 10 })).map((document) => document.id);
  }

  /** Stores content for a document, as its job does. */
  async storeContent(documentId: string, text: string): Promise<string> {
    const { documents, documentContents } = this.#cases.deps.store;
    const upload = this.#nextId('up');
    const part = documentContents.createPart({ upload, index: 0 });
    await part.write(Buffer.from(text));
    const file = await part.end();
    const content = {
      connectionId: this.#cases.connection.id,
      sha256: text,
      sizeBytes: text.length,
      upload,
      partBytes: 50_000,
    };
    const claimed = await documentContents.claim({ ...content, parts: [file], createdAt: this.#cases.clock.now });
    if (claimed.upload !== upload) await documentContents.remove({ upload, parts: [file] });
    const claim = { id: documentId, claim: 'test' };
    await documents.claim(claim, this.#cases.clock.now);
    const stored = {
      sha256: text,
      sizeBytes: text.length,
      storedType: 'text/plain',
      notes: [],
      now: this.#cases.clock.now,
    };
    if (!(await documents.store(claim, stored))) throw new Error('the document was not stored');
    return claimed.parts[0] ?? '';
  }

  #contextAt(at: Date) {
    const source = { exportId: 'job_source', fileId: 'f', line: 1 };
    return { connectionId: this.#cases.connection.id, source, observedAt: at, now: at };
  }

  /** Ids in the order of their creation, like those of the API. */
  #nextId(prefix: string): string {
    return `${prefix}_${String(++this.#count).padStart(6, '0')}`;
  }
}
