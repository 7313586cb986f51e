import { eventStreamLimits } from '@bulkhead/http';
import { emptyCheckpoint } from '@bulkhead/imports/export';
import { makeBulkExport, makeOutputFile } from '@bulkhead/imports/export/testing';
import { makeSyncRun } from '@bulkhead/imports/sync/testing';
import { anyPhase } from '@bulkhead/testing';
import { afterAll, expect, test } from '@jest/globals';
import { openEvents } from '../testing/open-events.ts';
import { plantConnection } from '../testing/plant-connection.ts';
import { startApi } from '../testing/start-api.ts';

const api = await startApi({ streamLimits: { ...eventStreamLimits, everyMs: 20, restPerRead: 0 } });
afterAll(() => api.stop());

const athena = '/api/ehr/athenahealth';
const now = () => new Date();

test('the stream of an export sends its counts, changed files and its end', async () => {
  const { bulkExports, outputFiles } = api.store;
  const record = makeBulkExport({ phase: 'downloading', transactionTime: '2024-06-01T00:00:00Z' });
  const { id: exportId } = record;
  await bulkExports.insert({ record, requestKey: exportId });
  const [completed, first, second] = [1, 2, 3].map((number) =>
    makeOutputFile({ id: `${exportId}.${number}`, exportId }),
  );
  if (!completed || !first || !second) throw new Error('the files are missing');
  const settled = { ...completed, state: 'completed' as const, completedAt: new Date('2024-06-01T00:00:00Z') };
  const last = { ...settled, id: `${exportId}.0`, completedAt: new Date('2024-06-01T00:01:00Z') };
  await outputFiles.insertMissing([settled, last, first, second]);

  const stream = await openEvents({ api, path: `${athena}/bulk-export/${exportId}/events` });
  expect((await stream.next('export')).data).toMatchObject({
    id: exportId,
    phase: 'downloading',
    counts: { files: 4 },
  });
  const claim = { id: first.id, claim: 'a' };
  await outputFiles.claim(claim, now());
  const event = await stream.next('files', ({ data }) => data.some(({ id }: { id: string }) => id === first.id));
  expect(event.data).toMatchObject([{ state: 'downloading', lines: 0, attempts: 1 }]);
  const checkpoint = { ...emptyCheckpoint, bytes: 10, lines: 2, stored: 2 };
  await outputFiles.saveCheckpoint(claim, { checkpoint });
  await stream.next('files', ({ data }) => data.length === 1 && data[0].lines === 2);
  await outputFiles.complete(claim, { checkpoint, hasPromisedCount: true, now: now() });
  await outputFiles.fail({ id: second.id, error: { code: 'export-gone', message: 'It is gone.' }, now: now() });
  await stream.next('files', ({ data }) => data.some((file: { id: string }) => file.id === second.id));

  const finalizing = await bulkExports.transition({ from: anyPhase(record), to: 'finalizing' });
  const counts = await outputFiles.sum(exportId);
  if (!finalizing) throw new Error('the export was not finalized');
  await bulkExports.transition({ from: finalizing, to: 'failed', change: { counts, completedAt: now() } });
  await stream.ended;
  expect(stream.events.at(-1)).toEqual({ name: 'end', data: {} });
  const status = stream.events.findLast(({ name }) => name === 'export');
  expect(status?.data).toMatchObject({ status: 'FAILED', counts: { filesCompleted: 3, filesFailed: 1, stored: 2 } });
  const files = stream.events.filter(({ name }) => name === 'files').flatMap(({ data }) => data);
  expect(files.find(({ id, state }) => id === first.id && state === 'completed')).toMatchObject({ stored: 2 });
  // Files that ended earlier are in the ledger, which a page reads once.
  expect(files.map(({ id }) => id)).not.toContain(settled.id);
});

test('the stream of an export with many files sends each file once, in several events', async () => {
  const { bulkExports, outputFiles } = api.store;
  const record = makeBulkExport({ phase: 'downloading', transactionTime: '2024-06-01T00:00:00Z' });
  const { id: exportId } = record;
  await bulkExports.insert({ record, requestKey: exportId });
  const stream = await openEvents({ api, path: `${athena}/bulk-export/${exportId}/events` });
  await stream.next('export');
  const files = Array.from({ length: 700 }, (_, index) => {
    const completedAt = new Date(Date.UTC(2024, 5, 1, 0, 0, 0, index));
    return makeOutputFile({ id: `${exportId}.${index}`, exportId, state: 'completed', completedAt });
  });
  await outputFiles.insertMissing(files);
  const sentFiles = () =>
    stream.events.filter(({ name }) => name === 'files').map(({ data }) => data as { id: string }[]);
  await stream.next(
    'files',
    () =>
      new Set(
        sentFiles()
          .flat()
          .map(({ id }) => id),
      ).size === 700,
  );
  expect(sentFiles().flat()).toHaveLength(700);
  expect(Math.max(...sentFiles().map(({ length }) => length))).toBeLessThanOrEqual(500);
  stream.leave();
});

test('the stream of an ended export sends its status and `end` at once', async () => {
  const { exportId } = await plantConnection(api.store);
  const stream = await openEvents({ api, path: `${athena}/bulk-export/${exportId}/events` });
  await stream.ended;
  expect(stream.events.map(({ name }) => name)).toEqual(['export', 'end']);
});

test('the stream of exports of a connection sends no others', async () => {
  const [first, second] = [await plantConnection(api.store), await plantConnection(api.store)];
  const stream = await openEvents({ api, path: `${athena}/bulk-export/events?connectionId=${first.connectionId}` });
  const { data } = await stream.next('exports');
  expect(data.map(({ id }: { id: string }) => id)).toEqual([first.exportId]);
  expect(stream.text).not.toContain(second.exportId);
  stream.leave();
});

test('the stream of a sync run sends its counts by type, then its end', async () => {
  const { syncRuns } = api.store;
  const run = makeSyncRun({ connectionId: 'conn_sync' });
  await syncRuns.insert(run);
  const stream = await openEvents({ api, path: `${athena}/sync-runs/${run.id}/events` });
  expect((await stream.next('sync-run')).data).toMatchObject({ id: run.id, status: 'IN_PROGRESS', byType: [] });
  await syncRuns.transition({ from: anyPhase(run), to: 'cancelled', change: { completedAt: now() } });
  await stream.ended;
  expect(stream.events.map(({ name, data }) => [name, data.status])).toEqual([
    ['sync-run', 'IN_PROGRESS'],
    ['sync-run', 'CANCELLED'],
    ['end', undefined],
  ]);
});
