import { emptyCheckpoint } from '@bulkhead/bulk-export';
import { makeOutputFile } from '@bulkhead/bulk-export/testing';
import { afterAll, expect, test } from '@jest/globals';
import { openTestStore } from '../open-test-store.fixture.ts';

const { store, database, close } = await openTestStore();
afterAll(close);

const now = new Date();
const claim = (id: string) => ({ id, claim: 'attempt' });
const stored = (collection: string, id: string) =>
  database.collection<{ readonly _id: string }>(collection).findOne({ _id: id });

test('an attempt writes no progress of a file that it has settled', async () => {
  const { outputFiles } = store;
  const file = makeOutputFile();
  await outputFiles.insertMissing([file]);
  await outputFiles.claim(claim(file.id), now);
  const checkpoint = { ...emptyCheckpoint, offset: 10 };
  expect(await outputFiles.saveCheckpoint(claim(file.id), { checkpoint })).toBe(true);
  await database.collection('output_files').updateOne({ _id: file.id as never }, { $set: { state: 'completed' } });
  const settled = await stored('output_files', file.id);
  expect(await outputFiles.isHeld(claim(file.id))).toBe(false);
  expect(await outputFiles.saveCheckpoint(claim(file.id), { checkpoint: emptyCheckpoint })).toBe(false);
  expect(await outputFiles.restart(claim(file.id))).toBe(false);
  expect(await stored('output_files', file.id)).toEqual(settled);
});

test('an attempt writes no progress of a step that it has settled, and a settled step cannot be claimed', async () => {
  const { syncSteps } = store;
  const id = 'sync_1.s';
  const step = { id, runId: 'sync_1', connectionId: 'conn_1', patientIds: ['p1'], attempts: 0 };
  await syncSteps.insertMissing([{ ...step, searches: [], state: 'pending' }]);
  await syncSteps.claim(claim(id));
  await syncSteps.settle(claim(id), 'failed');
  const settled = await stored('sync_steps', id);
  expect(settled).toMatchObject({ state: 'failed', claim: 'attempt' });
  expect(await syncSteps.saveSearches(claim(id), { searches: [], pageReadAt: now })).toBe(false);
  await syncSteps.settle(claim(id), 'completed');
  expect(await syncSteps.claim({ id, claim: 'later attempt' })).toBeUndefined();
  expect(await stored('sync_steps', id)).toEqual(settled);
});
