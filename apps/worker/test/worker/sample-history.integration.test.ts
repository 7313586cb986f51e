import { HistoryService } from '@bulkhead/monitoring/commands';
import { checkHealthWork, sampleHistoryWork } from '@bulkhead/monitoring/steps';
import { runJob } from '@bulkhead/queues/testing';
import { anyPhase } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import { fillConnection } from '../harness/fill-connection.ts';
import { startUseCases, type UseCases } from '../harness/start-use-cases.ts';

let cases: UseCases;
afterEach(() => cases.stop());

const minuteMs = 60_000;
const laterBy = (minutes: number) => {
  cases.clock.now = new Date(cases.clock.now.getTime() + minutes * minuteMs);
};

test('samples of each minute become a history of runs, resources, budgets, queues and lags', async () => {
  cases = await startUseCases();
  const { deps } = cases;
  const { store } = deps;
  const { endedExportId, activeExportId, connection } = await fillConnection(cases, { patientId: 'p1' });
  cases.clock.now = new Date(Math.ceil(Date.now() / (60 * minuteMs)) * 60 * minuteMs + minuteMs);
  const budget = { id: 'b', name: 'athenahealth.production', rateLimit: { perDay: 100_000 } };
  const readBudgets = async () => [{ state: { budget, day: 4711 } }] as never;
  const sampled = { ...deps, readBudgets };
  await runJob(sampled, checkHealthWork, {});
  await runJob(sampled, sampleHistoryWork, {});
  laterBy(1);
  await runJob(sampled, sampleHistoryWork, {});
  const [sample, ...others] = await store.historySamples.listSince(new Date(0));
  expect(others).toEqual([]);
  expect(sample?.runs.map(({ kind, outcome }) => `${kind} ${outcome}`).sort()).toEqual([
    'export partial',
    'sync completed',
  ]);
  const record = await store.bulkExports.find(endedExportId);
  const [run] = await store.syncRuns.listEnded({ since: new Date(0), until: cases.clock.now, limit: 1 });
  const stored = sample?.volumes.reduce((sum, { resources }) => sum + resources, 0);
  expect(stored).toBe((record?.counts.stored ?? 0) + (run?.totals?.stored ?? 0));
  expect(sample?.volumes.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(record?.counts.bytes);
  expect(sample?.budgets).toEqual([{ name: 'athenahealth.production', used: 4711, limit: 100_000 }]);
  expect(sample?.queues.map(({ queue }) => queue)).toContain('file-download');
  expect(sample?.lags).toContainEqual({ connectionId: connection.id, seconds: expect.any(Number) });

  // The end of another run is in the next sample only.
  const active = await store.bulkExports.find(activeExportId);
  if (!active) throw new Error('the active export is gone');
  const completedAt = new Date(cases.clock.now.getTime() + minuteMs);
  await store.bulkExports.transition({ from: anyPhase(active), to: 'failed', change: { completedAt } });
  laterBy(20);
  await runJob(sampled, sampleHistoryWork, {});
  const samples = await store.historySamples.listSince(new Date(0));
  expect(samples.map(({ runs }) => runs.length)).toEqual([2, 1]);
  expect(samples[1]).toMatchObject({ lags: [], runs: [{ kind: 'export', outcome: 'failed' }] });

  laterBy(31 * 24 * 60);
  await runJob(sampled, sampleHistoryWork, {});
  expect(await store.historySamples.listSince(new Date(0))).toHaveLength(1);
  const history = await new HistoryService({ store }).read(1);
  expect(history.queues.length).toBeGreaterThan(0);
});
