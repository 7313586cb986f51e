import { quarantineFeature } from '@bulkhead/records/quarantine';
import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, expect, test } from '@jest/globals';
import { syncFeature } from './sync.feature.ts';

const { store, database, close } = await openTestStore((context) =>
  syncFeature.open({ ...context, ...quarantineFeature.open(context).repositories }),
);
afterAll(close);

const claim = (id: string) => ({ id, claim: 'attempt' });
const stored = (id: string) => database.collection<{ readonly _id: string }>('sync_steps').findOne({ _id: id });

test('an attempt writes no progress of a step that it has settled, and a settled step cannot be claimed', async () => {
  const { syncSteps } = store;
  const id = 'sync_1.s';
  const step = { id, runId: 'sync_1', connectionId: 'conn_1', patientIds: ['p1'], attempts: 0 };
  await syncSteps.insertMissing([{ ...step, searches: [], state: 'pending' }]);
  await syncSteps.claim(claim(id));
  await syncSteps.settle(claim(id), 'failed');
  const settled = await stored(id);
  expect(settled).toMatchObject({ state: 'failed', claim: 'attempt' });
  expect(await syncSteps.saveSearches(claim(id), { searches: [], pageReadAt: new Date() })).toBe(false);
  await syncSteps.settle(claim(id), 'completed');
  expect(await syncSteps.claim({ id, claim: 'later attempt' })).toBeUndefined();
  expect(await stored(id)).toEqual(settled);
});
