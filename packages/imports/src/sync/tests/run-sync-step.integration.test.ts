import { compareWithSimulator, makeDocument } from '@bulkhead/records/testing';
import { withMethods } from '@bulkhead/store/testing';
import { afterEach, expect, test } from '@jest/globals';
import { minimumRequests, type SyncTypeCount } from '../index.ts';
import { planSync } from '../steps.ts';
import { makeSyncRun } from '../testing/make-sync-run.ts';
import { patients, plan, runToEnd, signal, standard, sync } from '../testing/run-sync.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

let cases: UseCases;
afterEach(() => cases.stop());

const enhanced = ['CarePlan', 'DiagnosticReport', 'DocumentReference', 'Encounter'];
const byPatient = [...standard, ...enhanced];

const sum = (byType: Map<string, SyncTypeCount>) =>
  [...byType.values()].reduce((all, count) => all + count.requests, 0);

/** The differences between the stored resources of the searched types and what the simulator serves. */
async function differences(): Promise<string[]> {
  const { simulator, deps, connection } = cases;
  const { differences: all } = await compareWithSimulator({
    simulator,
    store: deps.store,
    connectionId: connection.id,
  });
  return all.filter((difference) => !/^(Appointment|Organization|Practitioner|Location)\//.test(difference));
}

test('a crawl that is planned again after its worker died includes the patients who were stored meanwhile', async () => {
  cases = await startUseCases();
  const { deps } = cases;
  await sync(cases, { includeEnhanced: false, patients: patients.slice(1) });
  const request = { includeStandard: true, includeEnhanced: true, resourceTypes: [], patients: [] };
  const run = makeSyncRun({ request });
  await deps.store.syncRuns.insert(run);
  const transition = () => Promise.reject(new Error('the worker died'));
  const dying = { ...deps, store: { ...deps.store, syncRuns: withMethods(deps.store.syncRuns, { transition }) } };
  await expect(planSync(dying, { syncRunId: run.id, signal })).rejects.toThrow('the worker died');
  const stored = (await cases.control.lines('Patient')).map((line) =>
    makeDocument(line, { connectionId: run.connectionId }),
  );
  await deps.store.resourceWriter.write('Patient', stored);
  await planSync(deps, { syncRunId: run.id, signal });
  const { phase, byType } = await runToEnd(cases, run.id);
  expect([phase, byType.get('Observation')]).toMatchObject(['completed', { searches: 4, completed: 4 }]);
  expect(await differences()).toEqual([]);
});

test('a sync fails if the database has lost some of its steps, and a retry plans and runs these again', async () => {
  cases = await startUseCases();
  const { store } = cases.deps;
  const { id: syncRunId } = await plan(cases);
  const [lost, ...others] = await store.syncSteps.listUnsettledIds(syncRunId);
  await store.syncSteps.removeOthers(syncRunId, new Set(others));
  const { run: ended, byType } = await runToEnd(cases, syncRunId);
  const expected = `${others.length} of the ${others.length + 1} steps`;
  expect(ended).toMatchObject({ phase: 'failed', error: { code: 'steps-missing' } });
  expect(ended.error?.message).toContain(expected);
  expect(byType.get('Patient')).toBeUndefined();
  await store.syncRuns.reopen({ from: ended, now: new Date() });
  await planSync(cases.deps, { syncRunId, signal });
  expect(await store.syncSteps.listUnsettledIds(syncRunId)).toEqual([lost]);
  const { run, phase } = await runToEnd(cases, syncRunId);
  expect([phase, run.error]).toEqual(['completed', undefined]);
  expect(await differences()).toEqual([]);
});

test('a crawl searches each type of each patient, and counts each type', async () => {
  cases = await startUseCases();
  const { phase, byType } = await sync(cases);
  expect(phase).toBe('completed');
  expect(await differences()).toEqual([]);
  // The patients are one list of ids.
  expect(sum(byType)).toBe(byPatient.length * patients.length + 1);
  expect(minimumRequests([...byType.values()])).toBe(sum(byType));
  const observations = byType.get('Observation');
  expect(observations).toMatchObject({ searches: 4, completed: 4, requests: 4, failed: 0 });
  expect(observations?.fetched).toBeGreaterThan(4);
  expect(observations?.stored).toBe(observations?.fetched);
  // The generated resources were last changed long ago.
  const second = await sync(cases);
  expect(second.byType.get('Observation')).toMatchObject({ fetched: 0, requests: 4 });
});
