import { minimumRequests, type SyncRequest, type SyncTypeCount } from '@bulkhead/domain';
import { makeSyncRun } from '@bulkhead/testing';
import { afterEach, describe, expect, test } from '@jest/globals';
import { lastAttempt } from '../testing/attempts.ts';
import { compareWithSimulator } from '../testing/compare-with-simulator.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';
import { finalizeSync } from './finalize-sync.ts';
import { planSync } from './plan-sync.ts';
import { runSyncStep } from './run-sync-step.ts';

let cases: UseCases;
afterEach(() => cases.stop());

const signal = new AbortController().signal;
const patients = [1, 2, 3, 4].map((index) => `a-195900.E-${index}`);
const standard = ['AllergyIntolerance', 'Condition', 'Immunization', 'MedicationRequest', 'Observation', 'Procedure'];
const enhanced = ['CarePlan', 'DiagnosticReport', 'DocumentReference', 'Encounter'];
const byPatient = [...standard, ...enhanced];
const revIncludes = (types: readonly string[]) => types.map((type) => `${type}:patient`);

/** Runs a sync to its end, step by step. */
async function sync(
  change: Partial<SyncRequest> = {},
): Promise<{ readonly phase: string; readonly byType: Map<string, SyncTypeCount> }> {
  const { deps } = cases;
  const { store } = deps;
  const request = { includeStandard: true, includeEnhanced: true, resourceTypes: [], patients, ...change };
  const run = makeSyncRun({ request });
  await store.syncRuns.insert(run);
  await planSync(deps, { syncRunId: run.id, signal });
  for (const stepId of await store.syncSteps.listUnsettledIds(run.id)) {
    await runSyncStep(deps, { stepId, retryAt: lastAttempt, signal });
  }
  await finalizeSync(deps, { syncRunId: run.id });
  const counts = await store.syncSteps.sumByType(run.id);
  const ended = await store.syncRuns.find(run.id);
  return { phase: ended?.phase ?? 'gone', byType: new Map(counts.map((count) => [count.resourceType, count])) };
}

const sum = (byType: Map<string, SyncTypeCount>) => [...byType.values()].reduce((all, one) => all + one.requests, 0);

/** What of the searched types differs from what the simulator serves. */
async function differences(): Promise<string[]> {
  const { simulator, deps, connection } = cases;
  const { differences: all } = await compareWithSimulator({
    simulator,
    store: deps.store,
    connectionId: connection.id,
  });
  return all.filter((one) => !/^(Appointment|Organization|Practitioner|Location)\//.test(one));
}

describe('a crawl of a server that sends records along with their patient', () => {
  test('takes one request a patient for all that it offers, and counts each type', async () => {
    const offered = byPatient.filter((type) => type !== 'CarePlan');
    cases = await startUseCases({ simulator: { patientRevIncludes: revIncludes(offered) } });
    const { phase, byType } = await sync();
    expect(phase).toBe('completed');
    expect(await differences()).toEqual([]);
    // A request for each patient with all the types that come along, and one for the type that does not.
    expect(sum(byType)).toBe(2 * patients.length);
    expect(minimumRequests([...byType.values()])).toBe(sum(byType));
    const observations = byType.get('Observation');
    expect(observations).toMatchObject({ searches: 0, carried: 4, completed: 4, requests: 0, failed: 0 });
    expect(observations?.fetched).toBeGreaterThan(4);
    expect(observations?.stored).toBe(observations?.fetched);
    expect(byType.get('Patient')).toMatchObject({ searches: 4, carried: 0, requests: 4, fetched: 4, stored: 4 });

    const again = await sync();
    expect(again.byType.get('Observation')).toMatchObject({
      fetched: observations?.fetched,
      unchanged: observations?.fetched,
    });
  }, 30_000);

  test('leaves the patients themselves out where only the enhanced types are asked for', async () => {
    cases = await startUseCases({ simulator: { patientRevIncludes: revIncludes(byPatient) } });
    const { byType } = await sync({ includeStandard: false });
    expect(byType.get('Patient')).toMatchObject({ requests: 4, fetched: 0, stored: 0 });
    expect([...byType.keys()].sort()).toEqual([...enhanced, 'Patient'].sort());
    const { store } = cases.deps;
    const connectionId = cases.connection.id;
    expect(await store.resources.listIds({ connectionId, resourceType: 'Patient' })).toEqual([]);
    // Nor counts it as a crawl of theirs.
    const marks = await store.crawlMarks.find({ connectionId, patientId: patients[0] ?? '' });
    expect(Object.keys(marks).sort()).toEqual(enhanced);
  }, 30_000);

  test('asks type by type where the registry says that it must not be used', async () => {
    cases = await startUseCases({
      simulator: { patientRevIncludes: revIncludes(byPatient) },
      search: { revInclude: false },
    });
    const { byType } = await sync();
    expect(sum(byType)).toBe(byPatient.length * patients.length + 1);
    expect(await differences()).toEqual([]);
  }, 30_000);
});

describe('a crawl of a server that takes a list of patients', () => {
  test('asks for several at once, and from the oldest of their marks', async () => {
    cases = await startUseCases({ search: { patientsPerRequest: 4 } });
    const two = patients.slice(0, 2);
    const first = await sync({ patients: two });
    expect(sum(first.byType)).toBe(byPatient.length + 1);
    expect(minimumRequests([...first.byType.values()])).toBe(sum(first.byType));
    // The generated practice has changed long ago.
    expect((await sync({ patients: two })).byType.get('Observation')).toMatchObject({ fetched: 0, requests: 1 });
    // Two of the four are new to the crawl: all are asked for from the beginning.
    const { byType } = await sync();
    expect(byType.get('Observation')?.unchanged).toBe(first.byType.get('Observation')?.fetched);
    expect(await differences()).toEqual([]);
  }, 30_000);
});

describe('a page that the server has forgotten', () => {
  const forgotten = (options: object) => ({
    match: { path: 'r4/Observation$' },
    fault: { kind: 'status', status: 410, body: {} },
    after: 1,
    times: 1,
    ...options,
  });

  test('starts its search anew, once, and counts what was stored once', async () => {
    cases = await startUseCases({ search: { pageSize: 3 } });
    await cases.order(forgotten({}));
    const { phase, byType } = await sync({ includeEnhanced: false });
    expect(phase).toBe('completed');
    const served = await (await fetch(`${cases.simulator.baseUrl}/_sim/types`)).json();
    const observations = byType.get('Observation');
    expect(observations?.fetched).toBe((served as Record<string, number>).Observation);
    // The first page that came for nothing, and the refused one.
    expect(observations?.requests).toBe((observations?.pages ?? 0) + 2);
  }, 30_000);

  test('fails its search, and no other, where it is forgotten again', async () => {
    cases = await startUseCases({ search: { pageSize: 3 } });
    await cases.order(forgotten({ times: 1 }));
    await cases.order(forgotten({ after: 3, times: 1 }));
    const { phase, byType } = await sync({ includeEnhanced: false, patients: patients.slice(0, 1) });
    expect(phase).toBe('partial');
    expect(byType.get('Observation')).toMatchObject({ failed: 1, completed: 0 });
    expect(byType.get('Condition')).toMatchObject({ failed: 0, completed: 1 });
  }, 30_000);
});

test('a search that the EHR makes wait is not given up, not even at its last try', async () => {
  cases = await startUseCases();
  const { deps } = cases;
  const request = { includeStandard: false, includeEnhanced: true, resourceTypes: ['CarePlan'], patients };
  const run = makeSyncRun({ request });
  await deps.store.syncRuns.insert(run);
  await planSync(deps, { syncRunId: run.id, signal });
  const [stepId = ''] = await deps.store.syncSteps.listUnsettledIds(run.id);
  const match = { path: 'r4/CarePlan$' };
  await cases.order({ match, fault: { kind: 'status', status: 429, retryAfter: '1' } });
  const step = { stepId, retryAt: lastAttempt, signal };
  await expect(runSyncStep(deps, step)).rejects.toMatchObject({ code: 'ehr-throttled' });
  expect(await deps.store.syncSteps.listUnsettledIds(run.id)).toContain(stepId);
  await runSyncStep(deps, step);
  expect(await deps.store.syncSteps.listUnsettledIds(run.id)).not.toContain(stepId);
});
