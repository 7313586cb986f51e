import { makeBulkExport } from '@bulkhead/bulk-export/testing';
import { afterAll, expect, test } from '@jest/globals';
import { openTestStore } from '../open-test-store.fixture.ts';

const { store, database, close } = await openTestStore();
afterAll(close);

const stored = (id: string) => database.collection<{ _id: string }>('bulk_exports').findOne({ _id: id });

test('an export is stored with its own fields and those of the repository, and no others', async () => {
  const record = makeBulkExport();
  await store.bulkExports.insert({ record, requestKey: 'stored' });
  const { id, ...fields } = record;
  const events = [{ at: expect.any(Date), kind: 'phase', phase: 'queued' }];
  expect(await stored(id)).toEqual({ _id: id, ...fields, active: true, requestKey: 'stored', events });
  expect(await store.bulkExports.find(id)).toEqual(record);
});

test('an export that is added after its end is not listed as running', async () => {
  const record = makeBulkExport({ phase: 'failed', completedAt: new Date() });
  await store.bulkExports.insert({ record, requestKey: 'ended' });
  expect((await store.bulkExports.listActive()).map(({ id }) => id)).not.toContain(record.id);
});

test('a retry removes the warnings of the end and keeps the others', async () => {
  const keptWarning = { code: 'parameter-dropped', message: 'Kept.' };
  const record = makeBulkExport({ warnings: [keptWarning] });
  const { id } = record;
  const { bulkExports } = store;
  await bulkExports.insert({ record, requestKey: 'retried' });
  await bulkExports.warn({ id, code: 'files-failed', message: 'Removed.' });
  await bulkExports.warn({ id, code: 'files-failed', message: 'Removed.' });
  const failed = await bulkExports.transition({ from: record, to: 'failed' });
  expect(failed?.warnings).toEqual([keptWarning, { code: 'files-failed', message: 'Removed.' }]);
  const reopened = failed && (await bulkExports.reopen({ from: failed, to: 'queued', now: new Date() }));
  expect(reopened?.warnings).toEqual([keptWarning]);
  expect(reopened?.timeline?.map(({ phase }) => phase)).toEqual(['failed', 'queued']);
});
