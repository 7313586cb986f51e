import { withMethods } from '@bulkhead/store/testing';
import { createWebhookAddresses } from '@bulkhead/webhooks/commands';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { planSteps } from '../plan/plan-steps.ts';
import { SyncService } from '../read/sync.service.ts';
import { makeSyncRun } from '../testing/index.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

let cases: UseCases;
beforeAll(async () => {
  cases = await startUseCases();
});
afterAll(() => cases.stop());

test('a run of thousands of steps is added up once for all who look at it, and again when the sums are old', async () => {
  const { connection, connections, registry } = cases;
  const { store, producer } = cases.deps;
  const { id: connectionId, provider } = connection;
  const run = makeSyncRun({ connectionId, provider, phase: 'running', startedAt: new Date() });
  await store.syncRuns.insert(run);
  const patientIds = Array.from({ length: 5000 }, (_, index) => `p${index}`);
  const types = ['Observation', 'Condition', 'Procedure'];
  await store.syncSteps.insertMissing(planSteps({ run, types, patientIds, provider: registry.get() }));

  let sums = 0;
  const syncSteps = withMethods(store.syncSteps, {
    async sumByType(runId) {
      sums += 1;
      const counts = await store.syncSteps.sumByType(runId);
      // As long as it takes for tens of thousands of steps.
      await new Promise((resolve) => setTimeout(resolve, 100));
      return counts;
    },
  });
  const service = new SyncService({
    store: { ...store, syncSteps },
    producer,
    connections,
    registry,
    addresses: createWebhookAddresses({ callsPrivateNetwork: async () => true }),
    readPause: async () => undefined,
  });
  const look = async () => (await service.get({ provider, id: run.id, scope: 'all' })).counts;
  const first = await look();
  expect(first.map(({ resourceType, searches }) => [resourceType, searches])).toEqual([
    ['Condition', 5000],
    ['Observation', 5000],
    ['Procedure', 5000],
  ]);
  for (let looks = 0; looks < 20; looks++) expect(await look()).toEqual(first);
  expect(sums).toBe(1);

  const kept = await store.syncRuns.find(run.id);
  const counted = { ...kept?.counted, at: new Date(0), tookMs: 100, types: [] };
  await store.syncRuns.keepCount({ ...run, counted });
  const looks = await Promise.all(Array.from({ length: 20 }, look));
  // One process adds up. The others show what they have until it is done.
  expect(sums).toBe(2);
  expect(looks.filter((counts) => counts.length === 3).length).toBeGreaterThan(0);
  expect(await look()).toEqual(first);

  // What is added up while the run ends is not what the run shows afterwards.
  await store.syncRuns.transition({ from: { ...run, phase: 'running' }, to: 'failed' });
  await store.syncRuns.keepCount({ ...run, counted: { at: new Date(), tookMs: 60_000, types: [] } });
  expect(await look()).toEqual(first);
  expect(sums).toBe(3);
});
