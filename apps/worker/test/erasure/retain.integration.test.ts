import { retainWork } from '@bulkhead/erasure/steps';
import { sweepWork } from '@bulkhead/monitoring/steps';
import { runJob } from '@bulkhead/queues/testing';
import { type OpenDatabase, openDatabase } from '@bulkhead/store/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startUseCases, type UseCases } from '../harness/start-use-cases.ts';
import { type AgedRecords, changesDuring, createAgedRecords, nothing, only } from './aged-records.fixture.ts';

let cases: UseCases;
let database: OpenDatabase;
let records: AgedRecords;
beforeEach(async () => {
  cases = await startUseCases();
  database = await openDatabase(cases.mongodbUri);
  // The age of a chunk is taken from its MongoDB id, which the real clock sets.
  cases.clock.now = new Date();
  records = createAgedRecords(cases, database);
});
afterEach(async () => {
  await database.close();
  await cases.stop();
});

const dayMs = 24 * 60 * 60_000;
const hourMs = 60 * 60_000;
const signal = new AbortController().signal;

const run = () => runJob(cases.deps, retainWork, {}, { signal });
/** Changes for how many days kinds are kept. 0 is for ever. */
const retainFor = (days: Partial<UseCases['deps']['retentionDays']>) => {
  const { deps } = cases;
  cases = { ...cases, deps: { ...deps, retentionDays: { ...deps.retentionDays, ...days } } };
};
const pass = (days: number) => {
  cases.clock.now = new Date(cases.clock.now.getTime() + days * dayMs);
};

const changesOf = (work: () => Promise<unknown>) => changesDuring(database, work);

test('exports that ended before the limit are deleted with their ledgers, replayed lines and active markers', async () => {
  const old = await records.addExport({ phase: 'failed' });
  const line = await records.addLine({ exportId: old.id, at: cases.clock.now, isReplayed: true });
  await records.addExport({ phase: 'failed', createdAt: records.youngEnough('bulk-export') });
  expect(await changesOf(run)).toEqual(
    only(
      `bulk_exports/${old.id}`,
      `output_files/${old.id}.f`,
      `quarantine/${line}`,
      `quarantine_usage/${old.id}`,
      `running_exports/${old.connectionId}/${old.id}`,
    ),
  );
});

test('exports stay if they are active or if the server or a client must still be notified', async () => {
  await records.addExport({ phase: 'downloading', active: true });
  await records.addExport({ phase: 'failed', discard: 'due' });
  await records.addExport({ phase: 'failed', notify: 'due' });
  await records.addExport({ phase: 'failed', orphans: ['http://ehr.example/status'] });
  expect(await changesOf(run)).toEqual(nothing);
});

test('exports stay if a watermark refers to them', async () => {
  const { id: exportId } = await records.addExport({ phase: 'failed' });
  const transactionTime = '2024-01-15T10:00:00Z';
  const at = new Date(transactionTime);
  await cases.deps.store.watermarks.advance({
    connectionId: 'conn_1',
    exportType: 'Patient',
    resourceType: 'Patient',
    transactionTime,
    at,
    deletionsAt: at,
    exportId,
  });
  expect(await changesOf(run)).toEqual(nothing);
});

test('exports stay if they are the last completed ones of their connection, level and types', async () => {
  const first = await records.addExport();
  await records.addExport();
  await records.addExport({ request: { exportType: 'Group', resourceTypes: ['Patient'] } });
  await records.addExport({ request: { exportType: 'Patient', resourceTypes: [] } });
  await records.addExport({ connectionId: 'conn_2' });
  const { deleted } = await changesOf(run);
  expect(deleted.filter((key) => key.startsWith('bulk_exports'))).toEqual([`bulk_exports/${first.id}`]);
});

test('exports stay while they have quarantined lines, and are deleted after the retention of lines', async () => {
  const old = await records.addExport({ phase: 'failed' });
  const line = await records.addLine({ exportId: old.id, at: records.youngEnough('quarantined-line') });
  expect(await changesOf(run)).toEqual(nothing);
  pass(1);
  const { deleted } = await changesOf(run);
  expect(deleted).toContain(`bulk_exports/${old.id}`);
  expect(deleted).toContain(`quarantine/${line}`);
});

test('the next run deletes the ledger of an export whose deletion was interrupted', async () => {
  const old = await records.addExport({ phase: 'failed' });
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
  const old = await records.addExport({ phase: 'failed', createdAt: records.youngEnough('bulk-export') });
  await database.db
    .collection('retention')
    .insertOne({ _id: 'bulk-export' as never, startedAt: cases.clock.now, deleting: [old.id] });
  expect(await changesOf(run)).toEqual(nothing);
});

test('sync runs that ended before the limit are deleted with their steps', async () => {
  const old = await records.addRun({ phase: 'partial' });
  await records.addRun({ phase: 'partial', createdAt: records.youngEnough('sync-run') });
  await records.addRun({ phase: 'running', active: true });
  await records.addRun({ phase: 'failed', notify: 'due' });
  expect(await changesOf(run)).toEqual(only(`sync_runs/${old.id}`, `sync_steps/${old.id}.s`));
});

test('sync runs stay if they are the last completed ones of their connection or schedule', async () => {
  const first = await records.addRun();
  const scheduled = await records.addRun({ scheduleId: 'sched_1' });
  await records.addRun({ scheduleId: 'sched_1' });
  await records.addRun();
  const { deleted } = await changesOf(run);
  expect(deleted.filter((key) => key.startsWith('sync_runs'))).toEqual([
    `sync_runs/${first.id}`,
    `sync_runs/${scheduled.id}`,
  ]);
});

test('sync runs stay while they have quarantined entries', async () => {
  const old = await records.addRun({ phase: 'partial' });
  await records.addLine({ exportId: old.id, at: records.youngEnough('quarantined-line') });
  expect(await changesOf(run)).toEqual(nothing);
});

test('replayed lines are deleted after their own limit, with their long content', async () => {
  const { id: exportId } = await records.addExport({ createdAt: cases.clock.now });
  const kind = 'replayed-line';
  const old = await records.addLine({
    exportId,
    at: records.tooOld(kind),
    isReplayed: true,
    sizeBytes: 1024 * 1024 + 1,
  });
  await records.addLine({ exportId, at: records.youngEnough(kind), isReplayed: true });
  await records.addLine({ exportId, at: records.tooOld(kind) });
  const { deleted, changed } = await changesOf(run);
  expect(deleted.filter((key) => key.startsWith('quarantine/'))).toEqual([`quarantine/${old}`]);
  expect(deleted.filter((key) => key.startsWith('quarantine.files'))).toHaveLength(1);
  expect(deleted.filter((key) => key.startsWith('quarantine.chunks')).length).toBeGreaterThan(0);
  // The usage is lower, so further lines can be quarantined.
  expect(changed).toEqual([`quarantine_usage/${exportId}`]);
});

test('quarantined lines are deleted once the newest line of their file has reached the limit', async () => {
  const { id: exportId } = await records.addExport({ createdAt: cases.clock.now });
  const kind = 'quarantined-line';
  const first = await records.addLine({ exportId, fileId: 'file-1', at: records.tooOld(kind) });
  const second = await records.addLine({ exportId, fileId: 'file-1', at: records.youngEnough(kind) });
  const otherLine = await records.addLine({ exportId, fileId: 'file-2', at: records.tooOld(kind) });
  expect((await changesOf(run)).deleted).toEqual([`quarantine/${otherLine}`]);
  pass(1);
  expect((await changesOf(run)).deleted).toEqual([`quarantine/${first}`, `quarantine/${second}`]);
});

test('quarantined lines of an active export stay', async () => {
  const { id: exportId } = await records.addExport({ phase: 'downloading', active: true });
  await records.addLine({ exportId, at: records.tooOld('quarantined-line') });
  expect(await changesOf(run)).toEqual(nothing);
});

describe('documents', () => {
  const attachment = (text: string) => ({ contentType: 'text/plain', url: `https://ehr.example/${text}`, hash: text });
  const removedDays = () => cases.deps.retentionDays.document + 1;

  test('documents are deleted with their content after their resource has been deleted for the retention time', async () => {
    const [keptId = ''] = await records.receiveReport('kept', { attachments: [attachment('a')], versionId: '1' });
    await records.storeContent(keptId, 'content of a');
    const [goneId = ''] = await records.receiveReport('gone', { attachments: [attachment('b')], versionId: '1' });
    const file = await records.storeContent(goneId, 'content of b');
    pass(1);
    const tombstone = await records.addTombstone('DiagnosticReport/gone', cases.clock.now);
    expect(await changesOf(run)).toEqual({ deleted: [], added: [], changed: [`documents/${goneId}`] });
    pass(removedDays() - 2);
    expect(await changesOf(run)).toEqual(nothing);
    pass(2);
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
    const [first, second] = await records.receiveReport('report', { attachments, versionId: '1' });
    pass(1);
    await records.receiveReport('report', { attachments: attachments.slice(0, 1), versionId: '2' });
    await run();
    pass(removedDays());
    const { documents } = cases.deps.store;
    const at0 = (await documents.find(first ?? ''))?.index === 0 ? first : second;
    const at1 = at0 === first ? second : first;
    expect((await changesOf(run)).deleted).toEqual([`documents/${at1}`]);
  });

  test('documents stay if their resource returns, even during their deletion', async () => {
    const options = { attachments: [attachment('a')], versionId: '1' };
    const [id = ''] = await records.receiveReport('report', options);
    await records.storeContent(id, 'content of a');
    await database.db.collection('DiagnosticReport').deleteMany({});
    pass(1);
    await run();
    pass(removedDays());
    // After the resource was read and before the document is deleted.
    await records.receiveReport('report', options);
    await database.db.collection('DiagnosticReport').deleteMany({});
    await run();
    expect(await cases.deps.store.documents.find(id)).toMatchObject({ state: 'stored' });
  });

  test('content that another document uses stays', async () => {
    const [firstId = ''] = await records.receiveReport('one', { attachments: [attachment('a')], versionId: '1' });
    const [secondId = ''] = await records.receiveReport('two', { attachments: [attachment('b')], versionId: '1' });
    for (const id of [firstId, secondId]) await records.storeContent(id, 'the same');
    await database.db.collection('documents').deleteOne({ _id: firstId as never });
    pass(1);
    await run();
    pass(2);
    expect(await changesOf(run)).toEqual(nothing);
  });

  test('a download that stores the same content again keeps it, even if the content was due for deletion', async () => {
    const { documents, documentContents } = cases.deps.store;
    const [firstId = ''] = await records.receiveReport('one', { attachments: [attachment('a')], versionId: '1' });
    const file = await records.storeContent(firstId, 'the same');
    await database.db.collection('documents').deleteOne({ _id: firstId as never });
    pass(1);
    await run();
    const [secondId = ''] = await records.receiveReport('two', { attachments: [attachment('b')], versionId: '1' });
    const key = { connectionId: cases.connection.id, sha256: 'the same' };
    const upload = { upload: 'up_again', parts: ['up_again.0/f'], sizeBytes: 8, partBytes: 50_000 };
    pass(2);
    await documentContents.insert({ ...key, ...upload, createdAt: cases.clock.now });
    await run();
    await documents.claim({ id: secondId, claim: 'c' }, cases.clock.now);
    const stored = { sha256: 'the same', sizeBytes: 8, storedType: 'text/plain', notes: [], now: cases.clock.now };
    await documents.store({ id: secondId, claim: 'c' }, stored);
    expect(await documentContents.find(key)).toMatchObject({ parts: [file] });
  });

  test('parts of an abandoned download are deleted after a day, and those of an active download stay', async () => {
    const { documents, documentContents } = cases.deps.store;
    const [id = ''] = await records.receiveReport('report', { attachments: [attachment('a')], versionId: '1' });
    const write = async (upload: string) => {
      const part = await documentContents.createPart({ connectionId: cases.connection.id, upload, index: 0 });
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

test('delivered and failed webhook deliveries are deleted after their limit', async () => {
  const kind = 'webhook-delivery';
  const old = [
    await records.addDelivery('delivered', records.tooOld(kind)),
    await records.addDelivery('failed', records.tooOld(kind)),
  ];
  await records.addDelivery('pending', records.tooOld(kind));
  for (const state of ['delivered', 'failed', 'pending'] as const)
    await records.addDelivery(state, records.youngEnough(kind));
  expect(await changesOf(run)).toEqual(only(...old));
});

test('the job deletes nothing of a kind whose retention is 0 days', async () => {
  await records.addExport({ phase: 'failed' });
  await records.addTombstone('Patient/old', records.tooOld('tombstone'));
  retainFor(Object.fromEntries(Object.keys(cases.deps.retentionDays).map((kind) => [kind, 0])));
  expect(await changesOf(run)).toEqual(nothing);
});

test('the job continues where the last one stopped, and checks a record once a day', async () => {
  for (let index = 0; index < 5; index++) await records.addExport({ phase: 'failed' });
  const step = () =>
    cases.deps.store.retention['bulk-export']({ now: cases.clock.now, olderThan: records.daysAgo(1), limit: 2 });
  expect([await step(), await step(), await step(), await step()]).toEqual([
    { deleted: 2, hasMore: true },
    { deleted: 2, hasMore: true },
    { deleted: 1, hasMore: false },
    { deleted: 0, hasMore: false },
  ]);
  await records.addExport({ phase: 'failed' });
  expect(await step()).toEqual({ deleted: 0, hasMore: false });
  pass(1);
  expect(await step()).toEqual({ deleted: 1, hasMore: false });
});

test('the job stops if it is aborted', async () => {
  await records.addExport({ phase: 'failed' });
  const aborted = AbortSignal.abort(new Error('shutdown'));
  expect(
    await changesOf(async () =>
      expect(runJob(cases.deps, retainWork, {}, { signal: aborted })).rejects.toThrow('shutdown'),
    ),
  ).toEqual(nothing);
});

test('a kind that fails does not prevent the deletion of the others', async () => {
  const old = await records.addExport({ phase: 'failed' });
  const { deps } = cases;
  const retention = { ...deps.store.retention, 'replayed-line': () => Promise.reject(new Error('broken')) };
  const broken = { ...deps, store: { ...deps.store, retention } };
  await expect(runJob(broken, retainWork, {}, { signal })).rejects.toThrow('broken');
  expect(await deps.store.bulkExports.find(old.id)).toBeUndefined();
});

test('the sweep schedules the job once an hour', async () => {
  await runJob(cases.deps, sweepWork, {});
  await runJob(cases.deps, sweepWork, {});
  const queue = cases.deps.producer.queues.find(({ name }) => name === 'maintenance');
  const schedulers = (await queue?.getJobSchedulers()) ?? [];
  const retaining = schedulers.filter(({ name }) => name === 'maintenance.retain');
  expect(retaining.map(({ every }) => every)).toEqual([hourMs]);
});
