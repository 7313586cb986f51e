import type { BulkExport } from '@bulkhead/bulk-export';
import { makeBulkExport, makeOutputFile } from '@bulkhead/bulk-export/testing';
import { withDocuments } from '@bulkhead/documents/steps';
import type { RetainedKind } from '@bulkhead/erasure';
import { retain } from '@bulkhead/erasure/steps';
import { parseResourceLine } from '@bulkhead/fhir';
import { toResourceDocument, toTombstone } from '@bulkhead/resources';
import type { SyncRun } from '@bulkhead/sync';
import { makeSyncRun } from '@bulkhead/sync/testing';
import type { WebhookState } from '@bulkhead/webhooks';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { sweep } from '../../src/sweep.ts';
import { type OpenDatabase, openDatabase } from '../harness/open-database.ts';
import { startUseCases, type UseCases } from '../harness/start-use-cases.ts';

let cases: UseCases;
let database: OpenDatabase;
beforeEach(async () => {
  cases = await startUseCases();
  database = await openDatabase(cases.mongodbUri);
  // The age of a chunk is taken from its MongoDB id, which the real clock sets.
  cases.clock.now = new Date();
});
afterEach(async () => {
  await database.close();
  await cases.stop();
});

const dayMs = 24 * 60 * 60_000;
const hourMs = 60 * 60_000;
const signal = new AbortController().signal;

const run = () => retain(cases.deps, { signal });
/** The time this number of days ago. */
const daysAgo = (days: number) => new Date(cases.clock.now.getTime() - days * dayMs);
/** Times before and after the limit of a kind. */
const tooOld = (kind: RetainedKind) => new Date(daysAgo(cases.deps.retentionDays[kind]).getTime() - hourMs);
const youngEnough = (kind: RetainedKind) => new Date(daysAgo(cases.deps.retentionDays[kind]).getTime() + hourMs);
const pass = (days: number) => {
  cases.clock.now = new Date(cases.clock.now.getTime() + days * dayMs);
};

/** The whole database, without the records of the retention itself. */
async function dump(): Promise<ReadonlyMap<string, string>> {
  const documents = await database.dump();
  return new Map([...documents].filter(([key]) => !key.startsWith('retention/')));
}

/** Runs `work` and returns its changes in the whole database. */
async function changesOf(work: () => Promise<unknown>) {
  const before = await dump();
  await work();
  const after = await dump();
  return {
    deleted: [...before.keys()].filter((key) => !after.has(key)).toSorted(),
    added: [...after.keys()].filter((key) => !before.has(key)).toSorted(),
    changed: [...before.keys()].filter((key) => after.has(key) && after.get(key) !== before.get(key)).toSorted(),
  };
}

const only = (...deleted: string[]) => ({ deleted: deleted.toSorted(), added: [], changed: [] });
const nothing = only();

let count = 0;
/** Ids in the order of their creation, like those of the API. */
const nextId = (prefix: string) => `${prefix}_${String(++count).padStart(6, '0')}`;

/** Adds an ended export with a file in its ledger. */
async function addExport(change: Partial<BulkExport> & { readonly active?: boolean } = {}): Promise<BulkExport> {
  const { active = false, ...fields } = change;
  const ended = { phase: 'completed', completedAt: fields.createdAt ?? tooOld('bulk-export') } as const;
  const record = makeBulkExport({ id: nextId('job'), createdAt: tooOld('bulk-export'), ...ended, ...fields });
  await cases.deps.store.bulkExports.insert({ record, requestKey: record.id });
  await database.db.collection('bulk_exports').updateOne({ _id: record.id as never }, { $set: { active } });
  await cases.deps.store.outputFiles.insertMissing([
    makeOutputFile({
      id: `${record.id}.f`,
      exportId: record.id,
      connectionId: record.connectionId,
      state: 'completed',
    }),
  ]);
  return record;
}

async function addRun(change: Partial<SyncRun> & { readonly active?: boolean } = {}): Promise<SyncRun> {
  const { active = false, ...fields } = change;
  const ended = { phase: 'completed', completedAt: fields.createdAt ?? tooOld('sync-run') } as const;
  const record = makeSyncRun({ id: nextId('sync'), createdAt: tooOld('sync-run'), ...ended, ...fields });
  const { id: _id, ...document } = record;
  await database.db.collection('sync_runs').insertOne({ _id: _id as never, ...document, active });
  await cases.deps.store.syncSteps.insertMissing([
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

async function addLine(options: {
  readonly exportId: string;
  readonly at: Date;
  readonly fileId?: string;
  readonly isReplayed?: boolean;
  readonly sizeBytes?: number;
}): Promise<string> {
  const { exportId, at, fileId = `${exportId}.f`, isReplayed = false, sizeBytes = 10 } = options;
  const { quarantine } = cases.deps.store;
  const offset = ++count;
  const bytes = Buffer.alloc(sizeBytes, 'x');
  const connectionId = cases.connection.id;
  const place = { connectionId, exportId, fileId, line: offset, offset, reason: 'not-json', sizeBytes };
  await quarantine.put({ lines: [{ ...place, bytes }], now: at });
  const id = `${fileId}.${String(offset).padStart(16, '0')}`;
  if (isReplayed) await quarantine.noteReplay({ id, now: at });
  return id;
}

function contextAt(at: Date, exportId = 'job_source') {
  const source = { exportId, fileId: 'f', line: 1 };
  return { connectionId: cases.connection.id, source, observedAt: at, now: at };
}

async function addTombstone(id: string, at: Date): Promise<string> {
  await cases.deps.store.resourceWriter.write('Patient', [
    toTombstone({ resourceId: id, deletedAt: at, context: contextAt(at) }),
  ]);
  return `Patient/${cases.connection.id}/${id}`;
}

async function receiveReport(
  id: string,
  options: { readonly attachments: readonly object[]; readonly versionId: string },
) {
  const { attachments: presentedForm, versionId } = options;
  const at = cases.clock.now;
  const meta = { versionId, lastUpdated: at.toISOString() };
  const bytes = Buffer.from(JSON.stringify({ resourceType: 'DiagnosticReport', id, meta, presentedForm }));
  const line = { bytes, line: 1, offset: 0, nextOffset: 0, sizeBytes: bytes.length, isTooLong: false };
  const parsed = parseResourceLine(line, 'DiagnosticReport');
  if (parsed.kind !== 'resource') throw new Error('no resource');
  await withDocuments(cases.deps).write('DiagnosticReport', [
    toResourceDocument({ ...parsed, context: contextAt(at) }),
  ]);
  const filter = { connectionId: cases.connection.id, 'resource.id': id };
  return (await cases.deps.store.documents.list({ filter, limit: 10 })).map((document) => document.id);
}

/** Stores content for a document, as its job does. */
async function storeContent(documentId: string, text: string): Promise<string> {
  const { documents, documentContents } = cases.deps.store;
  const upload = nextId('up');
  const part = documentContents.createPart({ upload, index: 0 });
  await part.write(Buffer.from(text));
  const file = await part.end();
  const content = {
    connectionId: cases.connection.id,
    sha256: text,
    sizeBytes: text.length,
    upload,
    partBytes: 50_000,
  };
  const claimed = await documentContents.claim({ ...content, parts: [file], createdAt: cases.clock.now });
  if (claimed.upload !== upload) await documentContents.remove({ upload, parts: [file] });
  const claim = { id: documentId, claim: 'test' };
  await documents.claim(claim, cases.clock.now);
  const stored = { sha256: text, sizeBytes: text.length, storedType: 'text/plain', notes: [], now: cases.clock.now };
  if (!(await documents.store(claim, stored))) throw new Error('the document was not stored');
  return claimed.parts[0] ?? '';
}

describe('exports', () => {
  test('exports that ended before the limit are deleted with their ledgers, replayed lines and active markers', async () => {
    const old = await addExport({ phase: 'failed' });
    const line = await addLine({ exportId: old.id, at: cases.clock.now, isReplayed: true });
    await addExport({ phase: 'failed', createdAt: youngEnough('bulk-export') });
    expect(await changesOf(run)).toEqual(
      only(
        `bulk_exports/${old.id}`,
        `output_files/${old.id}.f`,
        `quarantine/${line}`,
        `quarantine_usage/${old.id}`,
        `active_exports/${old.connectionId}/${old.id}`,
      ),
    );
  });

  test('exports stay if they are active or if the server or a client must still be notified', async () => {
    await addExport({ phase: 'downloading', active: true });
    await addExport({ phase: 'failed', discard: 'due' });
    await addExport({ phase: 'failed', notify: 'due' });
    await addExport({ phase: 'failed', orphans: ['http://ehr.example/status'] });
    expect(await changesOf(run)).toEqual(nothing);
  });

  test('exports stay if a watermark refers to them', async () => {
    const { id: exportId } = await addExport({ phase: 'failed' });
    const transactionTime = '2024-01-15T10:00:00Z';
    await cases.deps.store.watermarks.advance({
      ...{ connectionId: 'conn_1', exportType: 'Patient', resourceType: 'Patient' },
      ...{ transactionTime, at: new Date(transactionTime), exportId },
    });
    expect(await changesOf(run)).toEqual(nothing);
  });

  test('exports stay if they are the last completed ones of their connection, level and types', async () => {
    const first = await addExport();
    await addExport();
    await addExport({ request: { exportType: 'Group', resourceTypes: ['Patient'] } });
    await addExport({ request: { exportType: 'Patient', resourceTypes: [] } });
    await addExport({ connectionId: 'conn_2' });
    const { deleted } = await changesOf(run);
    expect(deleted.filter((key) => key.startsWith('bulk_exports'))).toEqual([`bulk_exports/${first.id}`]);
  });

  test('exports stay while they have quarantined lines, and are deleted after the retention of lines', async () => {
    const old = await addExport({ phase: 'failed' });
    const line = await addLine({ exportId: old.id, at: youngEnough('quarantined-line') });
    expect(await changesOf(run)).toEqual(nothing);
    pass(1);
    const { deleted } = await changesOf(run);
    expect(deleted).toContain(`bulk_exports/${old.id}`);
    expect(deleted).toContain(`quarantine/${line}`);
  });

  test('the next run deletes the ledger of an export whose deletion was interrupted', async () => {
    const old = await addExport({ phase: 'failed' });
    await database.db
      .collection('retention')
      .insertOne({ _id: 'bulk-export' as never, startedAt: cases.clock.now, deleting: [old.id] });
    await database.db.collection('bulk_exports').deleteOne({ _id: old.id as never });
    const { deleted } = await changesOf(run);
    expect(deleted).toEqual([`output_files/${old.id}.f`]);
    expect(await database.db.collection('retention').findOne({ _id: 'bulk-export' as never })).toMatchObject({
      deleting: [],
    });
  });

  test('exports that were retried before the crash keep their ledger', async () => {
    const old = await addExport({ phase: 'failed', createdAt: youngEnough('bulk-export') });
    await database.db
      .collection('retention')
      .insertOne({ _id: 'bulk-export' as never, startedAt: cases.clock.now, deleting: [old.id] });
    expect(await changesOf(run)).toEqual(nothing);
  });
});

describe('sync runs', () => {
  test('sync runs that ended before the limit are deleted with their steps', async () => {
    const old = await addRun({ phase: 'partial' });
    await addRun({ phase: 'partial', createdAt: youngEnough('sync-run') });
    await addRun({ phase: 'running', active: true });
    await addRun({ phase: 'failed', notify: 'due' });
    expect(await changesOf(run)).toEqual(only(`sync_runs/${old.id}`, `sync_steps/${old.id}.s`));
  });

  test('sync runs stay if they are the last completed ones of their connection or schedule', async () => {
    const first = await addRun();
    const scheduled = await addRun({ scheduleId: 'sched_1' });
    await addRun({ scheduleId: 'sched_1' });
    await addRun();
    const { deleted } = await changesOf(run);
    expect(deleted.filter((key) => key.startsWith('sync_runs'))).toEqual([
      `sync_runs/${first.id}`,
      `sync_runs/${scheduled.id}`,
    ]);
  });

  test('sync runs stay while they have quarantined entries', async () => {
    const old = await addRun({ phase: 'partial' });
    await addLine({ exportId: old.id, at: youngEnough('quarantined-line') });
    expect(await changesOf(run)).toEqual(nothing);
  });
});

describe('quarantined lines', () => {
  test('replayed lines are deleted after their own limit, with their long content', async () => {
    const { id: exportId } = await addExport({ createdAt: cases.clock.now });
    const kind = 'replayed-line';
    const old = await addLine({ exportId, at: tooOld(kind), isReplayed: true, sizeBytes: 1024 * 1024 + 1 });
    await addLine({ exportId, at: youngEnough(kind), isReplayed: true });
    await addLine({ exportId, at: tooOld(kind) });
    const { deleted, changed } = await changesOf(run);
    expect(deleted.filter((key) => key.startsWith('quarantine/'))).toEqual([`quarantine/${old}`]);
    expect(deleted.filter((key) => key.startsWith('quarantine.files'))).toHaveLength(1);
    expect(deleted.filter((key) => key.startsWith('quarantine.chunks')).length).toBeGreaterThan(0);
    // The usage is lower, so further lines can be quarantined.
    expect(changed).toEqual([`quarantine_usage/${exportId}`]);
  });

  test('quarantined lines are deleted once the newest line of their file has reached the limit', async () => {
    const { id: exportId } = await addExport({ createdAt: cases.clock.now });
    const kind = 'quarantined-line';
    const first = await addLine({ exportId, fileId: 'file-1', at: tooOld(kind) });
    const second = await addLine({ exportId, fileId: 'file-1', at: youngEnough(kind) });
    const otherLine = await addLine({ exportId, fileId: 'file-2', at: tooOld(kind) });
    expect((await changesOf(run)).deleted).toEqual([`quarantine/${otherLine}`]);
    pass(1);
    expect((await changesOf(run)).deleted).toEqual([`quarantine/${first}`, `quarantine/${second}`]);
  });

  test('quarantined lines of an active export stay', async () => {
    const { id: exportId } = await addExport({ phase: 'downloading', active: true });
    await addLine({ exportId, at: tooOld('quarantined-line') });
    expect(await changesOf(run)).toEqual(nothing);
  });
});

describe('tombstones', () => {
  test('tombstones are deleted after their limit, and resources never are', async () => {
    const old = await addTombstone('old', tooOld('tombstone'));
    await addTombstone('young', youngEnough('tombstone'));
    await receiveReport('report', { attachments: [], versionId: '1' });
    await database.db.collection('DiagnosticReport').updateMany({}, { $set: { storedAt: new Date(0) } });
    expect(await changesOf(run)).toEqual(only(old));
  });

  test.each([
    { what: 'is active', change: { phase: 'downloading', active: true } },
    { what: 'failed', change: { phase: 'failed' } },
    { what: 'has failed files', change: { counts: { ...makeBulkExport().counts, filesFailed: 1 } } },
  ] as const)('tombstones stay while an export $what that began before them', async ({ change }) => {
    // In this test, exports are kept longer than tombstones.
    const { deps } = cases;
    cases = { ...cases, deps: { ...deps, retentionDays: { ...deps.retentionDays, 'bulk-export': 0 } } };
    const began = daysAgo(30);
    await addExport({ createdAt: began, ...change });
    await addTombstone('after', new Date(began.getTime() + hourMs));
    const before = await addTombstone('before', new Date(began.getTime() - hourMs));
    expect(await changesOf(run)).toEqual(only(before));
  });

  test('tombstones stay while an older line is quarantined', async () => {
    const { deps } = cases;
    const keptCounts = { 'bulk-export': 0, 'quarantined-line': 0 };
    cases = { ...cases, deps: { ...deps, retentionDays: { ...deps.retentionDays, ...keptCounts } } };
    const began = daysAgo(30);
    const { id: exportId } = await addExport({ createdAt: began });
    await addLine({ exportId, at: daysAgo(28) });
    await addTombstone('after', daysAgo(29));
    expect(await changesOf(run)).toEqual(nothing);
  });
});

describe('documents', () => {
  const attachment = (text: string) => ({ contentType: 'text/plain', url: `https://ehr.example/${text}`, hash: text });
  const removedDays = () => cases.deps.retentionDays.document + 1;

  test('documents are deleted with their content after their resource has been deleted for the retention time', async () => {
    const [keptId = ''] = await receiveReport('kept', { attachments: [attachment('a')], versionId: '1' });
    await storeContent(keptId, 'content of a');
    const [goneId = ''] = await receiveReport('gone', { attachments: [attachment('b')], versionId: '1' });
    const file = await storeContent(goneId, 'content of b');
    pass(1);
    const at = cases.clock.now;
    await cases.deps.store.resourceWriter.write('DiagnosticReport', [
      toTombstone({ resourceId: 'gone', deletedAt: at, context: contextAt(at) }),
    ]);
    expect(await changesOf(run)).toEqual({ deleted: [], added: [], changed: [`documents/${goneId}`] });
    pass(removedDays() - 2);
    expect(await changesOf(run)).toEqual(nothing);
    pass(2);
    const tombstone = `DiagnosticReport/${cases.connection.id}/gone`;
    expect((await changesOf(run)).deleted).toEqual([tombstone, `documents/${goneId}`]);
    // Unused content is kept for another day.
    pass(1);
    expect(await changesOf(run)).toEqual(nothing);
    pass(1);
    const { deleted } = await changesOf(run);
    expect(deleted).toContain(`document_contents/${cases.connection.id}/content of b`);
    expect(deleted).toContain(`document_files.files/${file}`);
    expect(deleted.filter((key) => key.includes('chunks'))).toHaveLength(1);
    expect(deleted).toHaveLength(3);
    expect(await cases.deps.store.documents.find(keptId)).toMatchObject({ state: 'stored' });
  });

  test('documents are deleted if a later version of their resource does not have the attachment', async () => {
    const attachments = [attachment('a'), attachment('b')];
    const [first, second] = await receiveReport('report', { attachments, versionId: '1' });
    pass(1);
    await receiveReport('report', { attachments: attachments.slice(0, 1), versionId: '2' });
    await run();
    pass(removedDays());
    const { documents } = cases.deps.store;
    const at0 = (await documents.find(first ?? ''))?.index === 0 ? first : second;
    const at1 = at0 === first ? second : first;
    expect((await changesOf(run)).deleted).toEqual([`documents/${at1}`]);
  });

  test('documents stay if their resource returns, even during their deletion', async () => {
    const options = { attachments: [attachment('a')], versionId: '1' };
    const [id = ''] = await receiveReport('report', options);
    await storeContent(id, 'content of a');
    await database.db.collection('DiagnosticReport').deleteMany({});
    pass(1);
    await run();
    pass(removedDays());
    // After the resource was read and before the document is deleted.
    await receiveReport('report', options);
    await database.db.collection('DiagnosticReport').deleteMany({});
    await run();
    expect(await cases.deps.store.documents.find(id)).toMatchObject({ state: 'stored' });
  });

  test('content that another document uses stays', async () => {
    const [firstId = ''] = await receiveReport('one', { attachments: [attachment('a')], versionId: '1' });
    const [secondId = ''] = await receiveReport('two', { attachments: [attachment('b')], versionId: '1' });
    for (const id of [firstId, secondId]) await storeContent(id, 'the same');
    await database.db.collection('documents').deleteOne({ _id: firstId as never });
    pass(1);
    await run();
    pass(2);
    expect(await changesOf(run)).toEqual(nothing);
  });

  test('a download that stores the same content again keeps it, even if the content was due for deletion', async () => {
    const { documents, documentContents } = cases.deps.store;
    const [firstId = ''] = await receiveReport('one', { attachments: [attachment('a')], versionId: '1' });
    const file = await storeContent(firstId, 'the same');
    await database.db.collection('documents').deleteOne({ _id: firstId as never });
    pass(1);
    await run();
    const [secondId = ''] = await receiveReport('two', { attachments: [attachment('b')], versionId: '1' });
    const key = { connectionId: cases.connection.id, sha256: 'the same' };
    const upload = { upload: 'up_again', parts: ['up_again.0/f'], sizeBytes: 8, partBytes: 50_000 };
    pass(2);
    await documentContents.claim({ ...key, ...upload, createdAt: cases.clock.now });
    await run();
    await documents.claim({ id: secondId, claim: 'c' }, cases.clock.now);
    const stored = { sha256: 'the same', sizeBytes: 8, storedType: 'text/plain', notes: [], now: cases.clock.now };
    await documents.store({ id: secondId, claim: 'c' }, stored);
    expect(await documentContents.find(key)).toMatchObject({ parts: [file] });
  });

  test('parts of an abandoned download are deleted after a day, and those of an active download stay', async () => {
    const { documents, documentContents } = cases.deps.store;
    const [id = ''] = await receiveReport('report', { attachments: [attachment('a')], versionId: '1' });
    const write = async (upload: string) => {
      const part = documentContents.createPart({ upload, index: 0 });
      await part.write(Buffer.from('a part'));
      return part.end();
    };
    await write('up_given-up');
    const file = await write('up_under-way');
    await documents.claim({ id, claim: 'c' }, cases.clock.now);
    const progress = { upload: 'up_under-way', fingerprint: 'f', parts: [file], partBytes: 6 };
    await documents.saveProgress({ id, claim: 'c' }, progress);
    expect(await changesOf(run)).toEqual(nothing);
    pass(2);
    const { deleted } = await changesOf(run);
    expect(deleted.filter((key) => key.includes('chunks'))).toHaveLength(1);
    expect(deleted.filter((key) => key.includes('files/up_given-up.0/'))).toHaveLength(1);
    expect(deleted).toHaveLength(2);
  });
});

describe('webhook deliveries', () => {
  test('delivered and failed webhook deliveries are deleted after their limit', async () => {
    const add = async (state: WebhookState, createdAt: Date) => {
      const id = nextId('hook');
      const fields = {
        connectionId: 'conn_1',
        url: 'https://client.example',
        type: 'bulk-export.completed',
        body: '{}',
      };
      await cases.deps.store.webhookDeliveries.insertMissing({ id, ...fields, state, attempts: [], createdAt });
      return `webhook_deliveries/${id}`;
    };
    const kind = 'webhook-delivery';
    const old = [await add('delivered', tooOld(kind)), await add('failed', tooOld(kind))];
    await add('pending', tooOld(kind));
    for (const state of ['delivered', 'failed', 'pending'] as const) await add(state, youngEnough(kind));
    expect(await changesOf(run)).toEqual(only(...old));
  });
});

describe('the job', () => {
  test('the job deletes nothing of a kind whose retention is 0 days', async () => {
    await addExport({ phase: 'failed' });
    await addTombstone('old', tooOld('tombstone'));
    const { deps } = cases;
    const forever = Object.fromEntries(Object.keys(deps.retentionDays).map((kind) => [kind, 0]));
    cases = { ...cases, deps: { ...deps, retentionDays: forever as typeof deps.retentionDays } };
    expect(await changesOf(run)).toEqual(nothing);
  });

  test('the job continues where the last one stopped, and checks a record once a day', async () => {
    for (let index = 0; index < 5; index++) await addExport({ phase: 'failed' });
    const step = () =>
      cases.deps.store.retention['bulk-export']({ now: cases.clock.now, olderThan: daysAgo(1), limit: 2 });
    expect([await step(), await step(), await step(), await step()]).toEqual([
      { deleted: 2, hasMore: true },
      { deleted: 2, hasMore: true },
      { deleted: 1, hasMore: false },
      { deleted: 0, hasMore: false },
    ]);
    await addExport({ phase: 'failed' });
    expect(await step()).toEqual({ deleted: 0, hasMore: false });
    pass(1);
    expect(await step()).toEqual({ deleted: 1, hasMore: false });
  });

  test('the job stops if it is aborted', async () => {
    await addExport({ phase: 'failed' });
    const aborted = AbortSignal.abort(new Error('shutdown'));
    expect(
      await changesOf(async () => expect(retain(cases.deps, { signal: aborted })).rejects.toThrow('shutdown')),
    ).toEqual(nothing);
  });

  test('a kind that fails does not prevent the deletion of the others', async () => {
    const old = await addExport({ phase: 'failed' });
    const { deps } = cases;
    const retention = { ...deps.store.retention, 'replayed-line': () => Promise.reject(new Error('broken')) };
    const broken = { ...deps, store: { ...deps.store, retention } };
    await expect(retain(broken, { signal })).rejects.toThrow('broken');
    expect(await deps.store.bulkExports.find(old.id)).toBeUndefined();
  });

  test('the sweep schedules the job once an hour', async () => {
    await sweep(cases.deps);
    await sweep(cases.deps);
    const queue = cases.deps.producer.queues.find(({ name }) => name === 'maintenance');
    const schedulers = (await queue?.getJobSchedulers()) ?? [];
    const retaining = schedulers.filter(({ name }) => name === 'maintenance.retain');
    expect(retaining.map(({ every }) => every)).toEqual([hourMs]);
  });
});
