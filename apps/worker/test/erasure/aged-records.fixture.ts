import type { BulkExport } from '@bulkhead/imports/export';
import { makeBulkExport, makeOutputFile } from '@bulkhead/imports/export/testing';
import type { SyncRun } from '@bulkhead/imports/sync';
import { makeSyncRun } from '@bulkhead/imports/sync/testing';
import { toTombstone } from '@bulkhead/records';
import { makeDocument } from '@bulkhead/records/testing';
import { compareDumps, type OpenDatabase, toTimestamp } from '@bulkhead/store/testing';
import type { RetainedKind } from '@bulkhead/system';
import type { WebhookState } from '@bulkhead/webhooks';
import type { UseCases } from '../harness/start-use-cases.ts';

const dayMs = 24 * 60 * 60_000;
const hourMs = 60 * 60_000;

export type AgedRecords = ReturnType<typeof createAgedRecords>;

/** Adds records of any age, relative to the retention of their kind. */
export function createAgedRecords({ clock, deps, connection }: UseCases, { db }: OpenDatabase) {
  let count = 0;
  /** Ids in the order of their creation, like those of the API. */
  const nextId = (prefix: string) => `${prefix}_${String(++count).padStart(6, '0')}`;
  const contextAt = (at: Date) => {
    const source = { exportId: 'job_source', fileId: 'f', line: 1 };
    return { connectionId: connection.id, source, observedAt: at, now: at };
  };
  /** The time this number of days ago. */
  const daysAgo = (days: number) => new Date(clock.now.getTime() - days * dayMs);
  const limitOf = (kind: RetainedKind) => daysAgo(deps.retentionDays[kind]).getTime();
  /** A time before the limit of a kind. */
  const tooOld = (kind: RetainedKind) => new Date(limitOf(kind) - hourMs);
  /** A time after the limit of a kind. */
  const youngEnough = (kind: RetainedKind) => new Date(limitOf(kind) + hourMs);
  return {
    daysAgo,
    tooOld,
    youngEnough,

    /** Adds an ended export with a file in its ledger. */
    async addExport(change: Partial<BulkExport> & { readonly active?: boolean } = {}): Promise<BulkExport> {
      const { active = false, ...fields } = change;
      const ended = { phase: 'completed', completedAt: fields.createdAt ?? tooOld('bulk-export') } as const;
      const record = makeBulkExport({
        id: nextId('job'),
        createdAt: tooOld('bulk-export'),
        ...ended,
        ...fields,
      });
      await deps.store.bulkExports.insert({ record, requestKey: record.id });
      await db.collection('bulk_exports').updateOne({ _id: record.id as never }, { $set: { active } });
      await deps.store.outputFiles.insertMissing([
        makeOutputFile({
          id: `${record.id}.f`,
          exportId: record.id,
          connectionId: record.connectionId,
          state: 'completed',
        }),
      ]);
      return record;
    },

    async addRun(change: Partial<SyncRun> & { readonly active?: boolean } = {}): Promise<SyncRun> {
      const { active = false, ...fields } = change;
      const ended = { phase: 'completed', completedAt: fields.createdAt ?? tooOld('sync-run') } as const;
      const record = makeSyncRun({ id: nextId('sync'), createdAt: tooOld('sync-run'), ...ended, ...fields });
      const { id: _id, ...document } = record;
      await db.collection('sync_runs').insertOne({ _id: _id as never, ...document, active });
      await deps.store.syncSteps.insertMissing([
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
    },

    async addLine(options: {
      readonly exportId: string;
      readonly at: Date;
      readonly fileId?: string;
      readonly isReplayed?: boolean;
      readonly sizeBytes?: number;
    }): Promise<string> {
      const { exportId, at, fileId = `${exportId}.f`, isReplayed = false, sizeBytes = 10 } = options;
      const { quarantine } = deps.store;
      const offset = ++count;
      const bytes = Buffer.alloc(sizeBytes, 'x');
      const connectionId = connection.id;
      const place = {
        connectionId,
        runId: exportId,
        fileId,
        line: offset,
        offset,
        resourceType: 'Patient',
        reason: 'not-json',
        sizeBytes,
      };
      await quarantine.put({ lines: [{ ...place, bytes }], now: at });
      const id = `${fileId}.${String(offset).padStart(16, '0')}`;
      if (isReplayed) await quarantine.noteReplay({ id, now: at });
      return id;
    },

    async addDelivery(state: WebhookState, createdAt: Date): Promise<string> {
      const id = nextId('hook');
      const fields = {
        connectionId: 'conn_1',
        url: 'https://client.example',
        type: 'bulk-export.completed',
        body: '{}',
      };
      await deps.store.webhookDeliveries.insertMissing({ id, ...fields, state, attempts: [], createdAt });
      return `webhook_deliveries/${id}`;
    },

    /** @param reference such as `Patient/p1` @returns the key of the tombstone in a dump */
    async addTombstone(reference: string, at: Date): Promise<string> {
      const [resourceType = '', resourceId = ''] = reference.split('/');
      await deps.store.resourceWriter.write(resourceType, [
        toTombstone({ resourceId, deletedAt: at, context: contextAt(at) }),
      ]);
      const changedAt = toTimestamp(at);
      await db
        .collection(resourceType)
        .updateOne({ _id: `${connection.id}/${resourceId}` as never }, { $set: { changedAt } });
      return `${resourceType}/${connection.id}/${resourceId}`;
    },

    /** Stores a report, as an export does. @returns the ids of its documents */
    async receiveReport(id: string, options: { readonly attachments: readonly object[]; readonly versionId: string }) {
      const { attachments: presentedForm, versionId } = options;
      const at = clock.now;
      const meta = { versionId, lastUpdated: at.toISOString() };
      const report = makeDocument({ resourceType: 'DiagnosticReport', id, meta, presentedForm }, contextAt(at));
      await deps.store.resourceWriter.write('DiagnosticReport', [report]);
      const filter = { connectionId: connection.id, 'resource.id': id };
      return (await deps.store.documents.list({ filter, limit: 10 })).map((document) => document.id);
    },

    /** Stores content for a document, as its job does. */
    async storeContent(documentId: string, text: string): Promise<string> {
      const { documents, documentContents } = deps.store;
      const upload = nextId('up');
      const part = await documentContents.createPart({ connectionId: connection.id, upload, index: 0 });
      await part.write(Buffer.from(text));
      const file = await part.end();
      const content = {
        connectionId: connection.id,
        sha256: text,
        sizeBytes: text.length,
        upload,
        partBytes: 50_000,
      };
      const inserted = await documentContents.insert({ ...content, parts: [file], createdAt: clock.now });
      if (inserted.upload !== upload) await documentContents.remove({ upload, parts: [file] });
      const claim = { id: documentId, claim: 'test' };
      await documents.claim(claim, clock.now);
      const stored = {
        sha256: text,
        sizeBytes: text.length,
        storedType: 'text/plain',
        notes: [],
        now: clock.now,
      };
      if (!(await documents.store(claim, stored))) throw new Error('the document was not stored');
      return inserted.parts[0] ?? '';
    },
  };
}

/** Runs `work` and returns its changes in the whole database, without the records of the retention itself. */
export async function changesDuring(database: OpenDatabase, work: () => Promise<unknown>) {
  const before = await dump(database);
  await work();
  return compareDumps(before, await dump(database));
}

async function dump(database: OpenDatabase): Promise<ReadonlyMap<string, string>> {
  const documents = await database.dump();
  return new Map([...documents].filter(([key]) => !key.startsWith('retention/')));
}

/** Changes that delete these documents and nothing else. */
export const only = (...deleted: string[]) => ({ deleted: deleted.toSorted(), added: [], changed: [] });
export const nothing = only();
