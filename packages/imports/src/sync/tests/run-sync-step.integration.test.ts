import { compareWithSimulator, makeDocument } from '@bulkhead/records/testing';
import { withMethods } from '@bulkhead/store';
import { openDatabase } from '@bulkhead/store/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minimumRequests, type SyncTypeCount } from '../index.ts';
import { planSync } from '../steps/index.ts';
import { makeSyncRun } from '../testing/make-sync-run.ts';
import { marksOf, patients, plan, runToEnd, signal, standard, sync } from '../testing/run-sync.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

let cases: UseCases;
afterEach(() => cases.stop());

const enhanced = ['CarePlan', 'DiagnosticReport', 'DocumentReference', 'Encounter'];
const byPatient = [...standard, ...enhanced];
const includesAll = { revIncludeIsComplete: true };
const revIncludes = (types: readonly string[]) => types.map((type) => `${type}:patient`);

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

test('a crawl sends one request per patient for all types that the server can include, and counts each type', async () => {
  const offered = byPatient.filter((type) => type !== 'CarePlan');
  cases = await startUseCases({ simulator: { patientRevIncludes: revIncludes(offered) }, search: includesAll });
  const { phase, byType } = await sync(cases);
  expect(phase).toBe('completed');
  expect(await differences()).toEqual([]);
  // One request per patient for all types that can be included, and one for the other type.
  expect(sum(byType)).toBe(2 * patients.length);
  expect(minimumRequests([...byType.values()])).toBe(sum(byType));
  const observations = byType.get('Observation');
  expect(observations).toMatchObject({ searches: 0, carried: 4, completed: 4, requests: 0, failed: 0 });
  expect(observations?.fetched).toBeGreaterThan(4);
  expect(observations?.stored).toBe(observations?.fetched);
  expect(byType.get('Patient')).toMatchObject({ searches: 4, carried: 0, requests: 4, fetched: 4, stored: 4 });

  const secondRun = await sync(cases);
  expect(secondRun.byType.get('Observation')).toMatchObject({
    fetched: observations?.fetched,
    unchanged: observations?.fetched,
  });
}, 30_000);

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
}, 30_000);

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
}, 30_000);

test('a crawl of only the enhanced types does not store the included patients', async () => {
  cases = await startUseCases({ simulator: { patientRevIncludes: revIncludes(byPatient) }, search: includesAll });
  const { byType } = await sync(cases, { includeStandard: false });
  expect(byType.get('Patient')).toMatchObject({ requests: 4, fetched: 0, stored: 0 });
  expect([...byType.keys()].sort()).toEqual([...enhanced, 'Patient'].sort());
  const { store } = cases.deps;
  const connectionId = cases.connection.id;
  expect(await store.resources.listIds({ connectionId, resourceType: 'Patient' })).toEqual([]);
  // The patients have no crawl mark either.
  const marks = await store.crawlMarks.find({ connectionId, patientId: patients[0] ?? '' });
  expect(Object.keys(marks).sort()).toEqual(enhanced);
}, 30_000);

test('a crawl searches each type separately if the registry does not claim that includes are complete', async () => {
  // Like many servers, this one includes some resources and omits the others without a next link.
  cases = await startUseCases({ simulator: { patientRevIncludes: revIncludes(byPatient), revIncludeLimit: 5 } });
  const { phase, byType } = await sync(cases);
  expect(await differences()).toEqual([]);
  expect(phase).toBe('completed');
  expect(sum(byType)).toBe(byPatient.length * patients.length + 1);
});

test('a crawl searches several patients at once, from the oldest of their marks', async () => {
  cases = await startUseCases({ search: { patientsPerRequest: 4 } });
  const twoPatients = patients.slice(0, 2);
  const first = await sync(cases, { patients: twoPatients });
  expect(sum(first.byType)).toBe(byPatient.length + 1);
  expect(minimumRequests([...first.byType.values()])).toBe(sum(first.byType));
  // The generated resources were last changed long ago.
  expect((await sync(cases, { patients: twoPatients })).byType.get('Observation')).toMatchObject({
    fetched: 0,
    requests: 1,
  });
  // Two of the four patients are new to the crawl, so it searches all of them from the beginning.
  const { byType } = await sync(cases);
  expect(byType.get('Observation')?.unchanged).toBe(first.byType.get('Observation')?.fetched);
  expect(await differences()).toEqual([]);
}, 30_000);

describe('a crawl of a server that can be searched without a patient', () => {
  const sweepAll = { patients: [] };
  /** The types of `standard` and `enhanced`, and Patient. */
  const sweeps = byPatient.length + 1;

  /** Stores the patients of the practice, because a sync of all patients starts from what is stored. */
  async function storePatients(): Promise<void> {
    await sync(cases, { includeEnhanced: false, patients });
    const { deps, connection } = cases;
    const marks = await deps.store.crawlMarks.list(connection.id);
    expect([...marks.keys()].toSorted()).toEqual(patients);
  }

  beforeEach(async () => {
    cases = await startUseCases({
      simulator: { practiceWideSearch: true },
      search: { practiceWide: true, pageSize: 100 },
    });
  });

  test('a sync of all patients searches each type once, and then only for what has changed', async () => {
    await storePatients();
    const first = await sync(cases, sweepAll);
    expect(first.phase).toBe('completed');
    // Types without a mark are read wholly. The others were stored before.
    expect(first.byType.get('Encounter')?.fetched).toBeGreaterThan(patients.length);
    expect(first.byType.get('Observation')).toMatchObject({ fetched: 0, requests: 1 });
    expect(await differences()).toEqual([]);
    const second = await sync(cases, sweepAll);
    expect(sum(second.byType)).toBe(sweeps);
    expect(minimumRequests([...second.byType.values()])).toBe(sweeps);
    expect([...second.byType.values()].every(({ fetched }) => fetched === 0)).toBe(true);
    const marks = await Promise.all(patients.map((id) => marksOf(cases, id)));
    for (const of of marks) expect(Object.keys(of)).toHaveLength(sweeps);
  }, 30_000);

  test('a sync of all patients stores what has changed for any of them', async () => {
    await storePatients();
    await sync(cases, sweepAll);
    const changes = [
      { resourceType: 'Observation', id: 'new', status: 'final', subject: { reference: `Patient/${patients[2]}` } },
      { resourceType: 'Encounter', id: 'new', status: 'planned', subject: { reference: `Patient/${patients[3]}` } },
    ];
    for (const resource of changes)
      await cases.control.put(`${resource.resourceType}/${resource.id}`, JSON.stringify(resource));
    expect(await differences()).toHaveLength(2);
    const { phase } = await sync(cases, sweepAll);
    expect([phase, await differences()]).toEqual(['completed', []]);
  }, 30_000);

  test('a sync of all patients also reads the whole record of a patient who is new to the crawl', async () => {
    await storePatients();
    await sync(cases, sweepAll);
    const { store } = cases.deps;
    const [newPatient = ''] = patients;
    // Forgets the patient: its marks and its records, except for the Patient itself.
    await using database = await openDatabase(cases.mongodbUri);
    await database.db.collection('crawl_marks').deleteOne({ _id: `${cases.connection.id}/${newPatient}` as never });
    await database.db.collection('Observation').deleteMany({ 'keys.patient': newPatient });
    expect(await differences()).not.toEqual([]);
    const { byType } = await sync(cases, sweepAll);
    expect(byType.get('Observation')).toMatchObject({ searches: 2 });
    expect(await differences()).toEqual([]);
    const marks = await store.crawlMarks.list(cases.connection.id);
    expect(Object.keys(marks.get(newPatient) ?? {})).toHaveLength(sweeps);
  }, 30_000);

  test('a sync of all patients with `since` leaves the marks where they would leave a gap', async () => {
    await storePatients();
    await using database = await openDatabase(cases.mongodbUri);
    const setMarks = (at: string) =>
      database.db.collection('crawl_marks').updateMany({}, { $set: { 'marks.Observation': new Date(at) } });
    const observationMarks = async () =>
      (await Promise.all(patients.map((id) => marksOf(cases, id)))).map(({ Observation }) => Observation);
    await setMarks('2026-01-01');
    await sync(cases, { ...sweepAll, since: '2026-01-02T00:00:00Z' });
    expect(await observationMarks()).toEqual(patients.map(() => new Date('2026-01-01')));
    await setMarks('2026-01-03');
    await sync(cases, { ...sweepAll, since: '2026-01-02T00:00:00Z' });
    for (const mark of await observationMarks()) expect(mark?.getTime()).toBeGreaterThan(Date.parse('2026-02-01'));
  }, 30_000);

  test('a sync of named patients searches them by themselves', async () => {
    const { byType } = await sync(cases, { patients: patients.slice(0, 2) });
    expect(byType.get('Observation')).toMatchObject({ searches: 2 });
  }, 30_000);

  test('a sweep that fails leaves all marks, so that the next one asks for the same changes', async () => {
    await storePatients();
    const before = await Promise.all(patients.map((id) => marksOf(cases, id)));
    const body = { resourceType: 'Bundle', type: 'searchset', total: 3 };
    await cases.inject('r4/Condition$', { kind: 'status', status: 200, body });
    const { phase, byType } = await sync(cases, { ...sweepAll, includeEnhanced: false });
    expect([phase, byType.get('Condition')?.incomplete]).toEqual(['partial', 1]);
    const after = await Promise.all(patients.map((id) => marksOf(cases, id)));
    expect(after.map(({ Condition }) => Condition)).toEqual(before.map(({ Condition }) => Condition));
  }, 30_000);
});
