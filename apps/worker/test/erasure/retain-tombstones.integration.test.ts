import { retainWork } from '@bulkhead/erasure/steps';
import { makeBulkExport } from '@bulkhead/imports/export/testing';
import { runJob } from '@bulkhead/queues/testing';
import { type OpenDatabase, openDatabase, toTimestamp } from '@bulkhead/store/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
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

const hourMs = 60 * 60_000;
const signal = new AbortController().signal;

const run = () => runJob(cases.deps, retainWork, {}, { signal });
/** Changes for how many days kinds are kept. 0 is for ever. */
const retainFor = (days: Partial<UseCases['deps']['retentionDays']>) => {
  const { deps } = cases;
  cases = { ...cases, deps: { ...deps, retentionDays: { ...deps.retentionDays, ...days } } };
};

const changesOf = (work: () => Promise<unknown>) => changesDuring(database, work);

test('tombstones are deleted after their limit, and resources never are', async () => {
  const old = await records.addTombstone('Patient/old', records.tooOld('tombstone'));
  await records.addTombstone('Patient/young', records.youngEnough('tombstone'));
  await records.receiveReport('report', { attachments: [], versionId: '1' });
  await database.db.collection('DiagnosticReport').updateMany({}, { $set: { storedAt: new Date(0) } });
  expect(await changesOf(run)).toEqual(only(old));
});

test.each([
  { what: 'is active', change: { phase: 'downloading', active: true } },
  { what: 'failed', change: { phase: 'failed' } },
  { what: 'has failed files', change: { counts: { ...makeBulkExport().counts, filesFailed: 1 } } },
] as const)('tombstones stay while an export $what that began before them', async ({ change }) => {
  // In this test, exports are kept longer than tombstones.
  retainFor({ 'bulk-export': 0 });
  const began = records.daysAgo(30);
  await records.addExport({ createdAt: began, ...change });
  await records.addTombstone('Patient/after', new Date(began.getTime() + hourMs));
  const before = await records.addTombstone('Patient/before', new Date(began.getTime() - hourMs));
  expect(await changesOf(run)).toEqual(only(before));
});

test.each([
  { what: 'is active', change: { phase: 'running', active: true } },
  { what: 'is partial', change: { phase: 'partial' } },
] as const)('tombstones stay while a sync run $what that began before them', async ({ change }) => {
  retainFor({ 'sync-run': 0 });
  const began = records.daysAgo(30);
  await records.addRun({ connectionId: cases.connection.id, createdAt: began, ...change });
  await records.addTombstone('Patient/after', new Date(began.getTime() + hourMs));
  const before = await records.addTombstone('Patient/before', new Date(began.getTime() - hourMs));
  expect(await changesOf(run)).toEqual(only(before));
});

test('a tombstone stays for its whole time after it was stored, however old its deletion is', async () => {
  const key = await records.addTombstone('Patient/late', records.tooOld('tombstone'));
  const [, _id] = key.split(/\/(.*)/s);
  const storedAt = records.youngEnough('tombstone');
  await database.db.collection('Patient').updateOne({ _id: _id as never }, { $set: { storedAt } });
  expect(await changesOf(run)).toEqual(nothing);
});

test('a tombstone stays for its whole time by the clock of the database, whatever the clock of the worker that stored it', async () => {
  const key = await records.addTombstone('Patient/late', records.tooOld('tombstone'));
  const [, _id] = key.split(/\/(.*)/s);
  const changedAt = toTimestamp(records.youngEnough('tombstone'));
  await database.db.collection('Patient').updateOne({ _id: _id as never }, { $set: { changedAt } });
  expect(await changesOf(run)).toEqual(nothing);
});

test('a worker whose clock is ahead deletes no tombstone too early', async () => {
  const databaseTime = records.daysAgo(10 * 365);
  await records.addTombstone('Patient/young', new Date(databaseTime.getTime() - hourMs));
  cases = { ...cases, deps: { ...cases.deps, databaseNow: async () => databaseTime } };
  expect(await changesOf(run)).toEqual(nothing);
});

test('a history from before a deletion of tombstones is refused even if the worker died during the deletion', async () => {
  const { resourceChanges, retention } = cases.deps.store;
  const old = await records.addTombstone('Condition/old', records.tooOld('tombstone'));
  await records.addTombstone('Patient/old', records.tooOld('tombstone'));
  // The next type cannot be read.
  await database.db.collection('Patient').dropIndex('by-last-updated');
  const olderThan = records.daysAgo(cases.deps.retentionDays.tombstone);
  const { deleted } = await changesOf(() =>
    expect(retention.tombstone({ now: cases.clock.now, olderThan, limit: 10 })).rejects.toThrow(),
  );
  expect(deleted).toEqual([old]);
  expect(await resourceChanges.deletionsKnownSince()).toEqual(olderThan);
});

test('tombstones stay while an older line is quarantined', async () => {
  retainFor({ 'bulk-export': 0, 'quarantined-line': 0 });
  const began = records.daysAgo(30);
  const { id: exportId } = await records.addExport({ createdAt: began });
  await records.addLine({ exportId, at: records.daysAgo(28) });
  await records.addTombstone('Patient/after', records.daysAgo(29));
  expect(await changesOf(run)).toEqual(nothing);
});
