import { buffer } from 'node:stream/consumers';
import { minimumRequests, type SyncRequest, type SyncRun, type SyncTypeCount } from '@bulkhead/sync';
import { finalizeSync, planSync, runSyncStep } from '@bulkhead/sync/steps';
import { makeSyncRun } from '@bulkhead/sync/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { replayLine } from '../../src/replay-line.ts';
import { attemptJob, firstAttempt, lastAttempt } from '../harness/attempts.ts';
import { compareWithSimulator } from '../harness/compare-with-simulator.ts';
import { openDatabase } from '../harness/open-database.ts';
import { startUseCases, type UseCases } from '../harness/start-use-cases.ts';

let cases: UseCases;
afterEach(() => cases.stop());

const signal = new AbortController().signal;
const progress = () => undefined;
const patients = [1, 2, 3, 4].map((index) => `a-195900.E-${index}`);
const standard = ['AllergyIntolerance', 'Condition', 'Immunization', 'MedicationRequest', 'Observation', 'Procedure'];
const enhanced = ['CarePlan', 'DiagnosticReport', 'DocumentReference', 'Encounter'];
const byPatient = [...standard, ...enhanced];
const includesAll = { revIncludeIsComplete: true };
const revIncludes = (types: readonly string[]) => types.map((type) => `${type}:patient`);

interface Ended {
  readonly run: SyncRun;
  readonly phase: SyncRun['phase'];
  readonly byType: Map<string, SyncTypeCount>;
}

/** Runs a sync step by step to its end. */
async function sync(change: Partial<SyncRequest> = {}): Promise<Ended> {
  const run = await plan(change);
  return runToEnd(run.id);
}

async function plan(change: Partial<SyncRequest> = {}): Promise<SyncRun> {
  const { deps } = cases;
  const request = { includeStandard: true, includeEnhanced: true, resourceTypes: [], patients, ...change };
  const run = makeSyncRun({ request });
  await deps.store.syncRuns.insert(run);
  await planSync(deps, { syncRunId: run.id, signal });
  return run;
}

/** Runs the steps of a planned run as the workers do, without waits between attempts. */
async function runToEnd(syncRunId: string): Promise<Ended> {
  const { deps } = cases;
  const { store } = deps;
  for (const stepId of await store.syncSteps.listUnsettledIds(syncRunId)) {
    await runSyncStep(deps, { stepId, retryAt: lastAttempt, progress, signal });
  }
  await finalizeSync(deps, { syncRunId });
  const counts = await store.syncSteps.sumByType(syncRunId);
  const run = await store.syncRuns.find(syncRunId);
  if (!run) throw new Error('the run is gone');
  return { run, phase: run.phase, byType: new Map(counts.map((count) => [count.resourceType, count])) };
}

/** Retries a run as the API does for a user. */
async function retry(run: SyncRun): Promise<Ended> {
  const { store } = cases.deps;
  await store.syncSteps.retryFailed(run.id);
  await store.syncRuns.reopen({ from: run, now: new Date() });
  return runToEnd(run.id);
}

const marksOf = (patientId: string) =>
  cases.deps.store.crawlMarks.find({ connectionId: cases.connection.id, patientId });

/** Makes the simulator answer with `body` instead of a page of Conditions. */
const answerConditions = (body: object, options: object = {}) =>
  cases.order({ match: { path: 'r4/Condition$' }, fault: { kind: 'status', status: 200, body }, ...options });

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

describe('a crawl of a server whose includes are complete', () => {
  test('a crawl sends one request per patient for all types that the server can include, and counts each type', async () => {
    const offered = byPatient.filter((type) => type !== 'CarePlan');
    cases = await startUseCases({ simulator: { patientRevIncludes: revIncludes(offered) }, search: includesAll });
    const { phase, byType } = await sync();
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

    const secondRun = await sync();
    expect(secondRun.byType.get('Observation')).toMatchObject({
      fetched: observations?.fetched,
      unchanged: observations?.fetched,
    });
  }, 30_000);

  test('a crawl of only the enhanced types does not store the included patients', async () => {
    cases = await startUseCases({ simulator: { patientRevIncludes: revIncludes(byPatient) }, search: includesAll });
    const { byType } = await sync({ includeStandard: false });
    expect(byType.get('Patient')).toMatchObject({ requests: 4, fetched: 0, stored: 0 });
    expect([...byType.keys()].sort()).toEqual([...enhanced, 'Patient'].sort());
    const { store } = cases.deps;
    const connectionId = cases.connection.id;
    expect(await store.resources.listIds({ connectionId, resourceType: 'Patient' })).toEqual([]);
    // The patients have no crawl mark either.
    const marks = await store.crawlMarks.find({ connectionId, patientId: patients[0] ?? '' });
    expect(Object.keys(marks).sort()).toEqual(enhanced);
  }, 30_000);
});

test('a crawl searches each type separately if the registry does not claim that includes are complete', async () => {
  // Like many servers, this one includes some resources and omits the others without a next link.
  cases = await startUseCases({ simulator: { patientRevIncludes: revIncludes(byPatient), revIncludeLimit: 5 } });
  const { phase, byType } = await sync();
  expect(await differences()).toEqual([]);
  expect(phase).toBe('completed');
  expect(sum(byType)).toBe(byPatient.length * patients.length + 1);
});

describe('a crawl of a server that takes a list of patients', () => {
  test('a crawl searches several patients at once, from the oldest of their marks', async () => {
    cases = await startUseCases({ search: { patientsPerRequest: 4 } });
    const twoPatients = patients.slice(0, 2);
    const first = await sync({ patients: twoPatients });
    expect(sum(first.byType)).toBe(byPatient.length + 1);
    expect(minimumRequests([...first.byType.values()])).toBe(sum(first.byType));
    // The generated resources were last changed long ago.
    expect((await sync({ patients: twoPatients })).byType.get('Observation')).toMatchObject({
      fetched: 0,
      requests: 1,
    });
    // Two of the four patients are new to the crawl, so it searches all of them from the beginning.
    const { byType } = await sync();
    expect(byType.get('Observation')?.unchanged).toBe(first.byType.get('Observation')?.fetched);
    expect(await differences()).toEqual([]);
  }, 30_000);
});

describe('a crawl of a server that can be searched without a patient', () => {
  const sweepAll = { patients: [] };
  /** The types of `standard` and `enhanced`, and Patient. */
  const sweeps = byPatient.length + 1;

  /** Stores the patients of the practice, because a sync of all patients starts from what is stored. */
  async function storePatients(): Promise<void> {
    await sync({ includeEnhanced: false, patients });
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
    const first = await sync(sweepAll);
    expect(first.phase).toBe('completed');
    // Types without a mark are read wholly. The others were stored before.
    expect(first.byType.get('Encounter')?.fetched).toBeGreaterThan(patients.length);
    expect(first.byType.get('Observation')).toMatchObject({ fetched: 0, requests: 1 });
    expect(await differences()).toEqual([]);
    const second = await sync(sweepAll);
    expect(sum(second.byType)).toBe(sweeps);
    expect(minimumRequests([...second.byType.values()])).toBe(sweeps);
    expect([...second.byType.values()].every(({ fetched }) => fetched === 0)).toBe(true);
    const marks = await Promise.all(patients.map(marksOf));
    for (const of of marks) expect(Object.keys(of)).toHaveLength(sweeps);
  }, 30_000);

  test('a sync of all patients stores what has changed for any of them', async () => {
    await storePatients();
    await sync(sweepAll);
    const changes = [
      { resourceType: 'Observation', id: 'new', status: 'final', subject: { reference: `Patient/${patients[2]}` } },
      { resourceType: 'Encounter', id: 'new', status: 'planned', subject: { reference: `Patient/${patients[3]}` } },
    ];
    for (const resource of changes) {
      const url = `${cases.simulator.baseUrl}/_sim/fhir/${resource.resourceType}/${resource.id}`;
      expect((await fetch(url, { method: 'PUT', body: JSON.stringify(resource) })).ok).toBe(true);
    }
    expect(await differences()).toHaveLength(2);
    const { phase } = await sync(sweepAll);
    expect([phase, await differences()]).toEqual(['completed', []]);
  }, 30_000);

  test('a sync of all patients also reads the whole record of a patient who is new to the crawl', async () => {
    await storePatients();
    await sync(sweepAll);
    const { store } = cases.deps;
    const [newPatient = ''] = patients;
    // Forgets the patient: its marks and its records, except for the Patient itself.
    const database = await openDatabase(cases.mongodbUri);
    await database.db.collection('crawl_marks').deleteOne({ _id: `${cases.connection.id}/${newPatient}` as never });
    await database.db.collection('Observation').deleteMany({ 'keys.patient': newPatient });
    await database.close();
    expect(await differences()).not.toEqual([]);
    const { byType } = await sync(sweepAll);
    expect(byType.get('Observation')).toMatchObject({ searches: 2 });
    expect(await differences()).toEqual([]);
    const marks = await store.crawlMarks.list(cases.connection.id);
    expect(Object.keys(marks.get(newPatient) ?? {})).toHaveLength(sweeps);
  }, 30_000);

  test('a sync of all patients with `since` leaves the marks where they would leave a gap', async () => {
    await storePatients();
    const database = await openDatabase(cases.mongodbUri);
    const setMarks = (at: string) =>
      database.db.collection('crawl_marks').updateMany({}, { $set: { 'marks.Observation': new Date(at) } });
    const observationMarks = async () =>
      (await Promise.all(patients.map(marksOf))).map(({ Observation }) => Observation);
    await setMarks('2026-01-01');
    await sync({ ...sweepAll, since: '2026-01-02T00:00:00Z' });
    expect(await observationMarks()).toEqual(patients.map(() => new Date('2026-01-01')));
    await setMarks('2026-01-03');
    await sync({ ...sweepAll, since: '2026-01-02T00:00:00Z' });
    for (const mark of await observationMarks()) expect(mark?.getTime()).toBeGreaterThan(Date.parse('2026-02-01'));
    await database.close();
  }, 30_000);

  test('a sync of named patients searches them by themselves', async () => {
    const { byType } = await sync({ patients: patients.slice(0, 2) });
    expect(byType.get('Observation')).toMatchObject({ searches: 2 });
  }, 30_000);

  test('a sweep that fails leaves all marks, so that the next one asks for the same changes', async () => {
    await storePatients();
    const before = await Promise.all(patients.map(marksOf));
    await answerConditions({ resourceType: 'Bundle', type: 'searchset', total: 3 });
    const { phase, byType } = await sync({ ...sweepAll, includeEnhanced: false });
    expect([phase, byType.get('Condition')?.incomplete]).toEqual(['partial', 1]);
    const after = await Promise.all(patients.map(marksOf));
    expect(after.map(({ Condition }) => Condition)).toEqual(before.map(({ Condition }) => Condition));
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

  test('a search restarts once if the server has forgotten its next page, and counts each stored resource once', async () => {
    cases = await startUseCases({ search: { pageSize: 3 } });
    await cases.order(forgotten({}));
    const { phase, byType } = await sync({ includeEnhanced: false });
    expect(phase).toBe('completed');
    const served = await (await fetch(`${cases.simulator.baseUrl}/_sim/types`)).json();
    const observations = byType.get('Observation');
    expect(observations?.fetched).toBe((served as Record<string, number>).Observation);
    // The first page, which was read in vain, and the refused page.
    expect(observations?.requests).toBe((observations?.pages ?? 0) + 2);
  }, 30_000);

  test('a search fails alone if the server has forgotten its next page twice', async () => {
    cases = await startUseCases({ search: { pageSize: 3 } });
    await cases.order(forgotten({ times: 1 }));
    await cases.order(forgotten({ after: 3, times: 1 }));
    const { phase, byType } = await sync({ includeEnhanced: false, patients: patients.slice(0, 1) });
    expect(phase).toBe('partial');
    expect(byType.get('Observation')).toMatchObject({ failed: 1, completed: 0 });
    expect(byType.get('Condition')).toMatchObject({ failed: 0, completed: 1 });
  }, 30_000);
});

describe('a page with a wrong format', () => {
  const bundle = (change: object) => ({ resourceType: 'Bundle', type: 'searchset', ...change });
  const condition = (id: string) => ({
    resource: { resourceType: 'Condition', id, subject: { reference: `Patient/${patients[0]}` } },
  });
  const onePatient = { includeEnhanced: false, patients: patients.slice(0, 1) };

  test.each([
    {
      what: 'entries that are an object',
      body: bundle({ entry: { a: condition('a') } }),
      fault: '`entry` is not an array',
    },
    { what: 'entries that are null', body: bundle({ entry: null }), fault: '`entry` is not an array' },
    { what: 'a null among its entries', body: bundle({ entry: [condition('a'), null] }), fault: 'not an object' },
    { what: 'links that are an object', body: bundle({ link: { relation: 'next' } }), fault: '`link` is not an array' },
    { what: 'a next link without a URL', body: bundle({ link: [{ relation: 'next' }] }), fault: 'without a URL' },
    {
      what: 'a next link to nowhere',
      body: bundle({ link: [{ relation: 'next', url: 'http://' }] }),
      fault: 'not valid',
    },
    {
      what: 'another type of Bundle',
      body: bundle({ type: 'history', entry: [condition('a')] }),
      fault: '"searchset"',
    },
  ])('a search fails and its crawl mark stays if a page has $what', async ({ body, fault }) => {
    cases = await startUseCases();
    await answerConditions(body);
    const { run, phase, byType } = await sync(onePatient);
    expect(phase).toBe('partial');
    expect(run.error).toMatchObject({ code: 'search-not-understood', message: expect.stringContaining(fault) });
    expect(byType.get('Condition')).toMatchObject({ failed: 1, completed: 0 });
    expect(Object.keys(await marksOf(patients[0] ?? ''))).not.toContain('Condition');

    const retried = await retry(run);
    expect([retried.phase, retried.run.error]).toEqual(['completed', undefined]);
    expect(Object.keys(await marksOf(patients[0] ?? ''))).toContain('Condition');
  });

  test('a page with neither entries nor a total is an empty page', async () => {
    cases = await startUseCases();
    await answerConditions(bundle({}));
    const { phase, byType } = await sync(onePatient);
    expect([phase, byType.get('Condition')]).toEqual([
      'completed',
      expect.objectContaining({ completed: 1, fetched: 0 }),
    ]);
  });

  test('a run warns if the EHR promises more matches than it sends, and a retry requests all of them', async () => {
    cases = await startUseCases();
    const included = { resource: { resourceType: 'Condition', id: 'x' }, search: { mode: 'include' } };
    await answerConditions(
      bundle({ total: 3, entry: [condition('a'), { ...condition('b'), search: { mode: 'match' } }, included] }),
    );
    const { run, phase, byType } = await sync(onePatient);
    expect(phase).toBe('partial');
    const warning = {
      code: 'search-incomplete',
      message: expect.stringMatching(/^Condition: .* 3 resources and sent 2\./),
    };
    expect(run).toMatchObject({ warnings: [warning], error: warning });
    expect(byType.get('Condition')).toMatchObject({ incomplete: 1, completed: 0, failed: 0, stored: 3 });
    const marks = await marksOf(patients[0] ?? '');
    expect(Object.keys(marks)).toContain('Observation');
    expect(Object.keys(marks)).not.toContain('Condition');

    const retried = await retry(run);
    expect(retried).toMatchObject({ phase: 'completed', run: { warnings: [] } });
    expect(retried.byType.get('Condition')).toMatchObject({ incomplete: 0, completed: 1 });
    expect(Object.keys(await marksOf(patients[0] ?? ''))).toContain('Condition');
  });

  test('the matches of all pages are counted against the total', async () => {
    cases = await startUseCases();
    const url = `${cases.simulator.fhirEndpoint}/Condition?page=2`;
    await answerConditions(bundle({ total: 2, entry: [condition('a')], link: [{ relation: 'next', url }] }));
    await answerConditions(bundle({ entry: [condition('b')] }), { after: 1 });
    expect(await sync(onePatient)).toMatchObject({ phase: 'completed', run: { warnings: [] } });
  });
});

describe('an entry that cannot be stored', () => {
  const onePatient = { includeEnhanced: false, patients: patients.slice(0, 1) };
  const condition = (id: unknown, change: object = {}) => ({ resourceType: 'Condition', id, ...change });
  const page = (resources: readonly unknown[], change: object = {}) => ({
    resourceType: 'Bundle',
    entry: resources.map((resource) => ({ resource })),
    ...change,
  });
  const listSteps = async (run: SyncRun) => {
    const { quarantine } = cases.deps.store;
    return quarantine.list({ filter: { exportId: run.id }, scope: 'all', limit: 100 });
  };

  test('an entry that cannot be stored is quarantined with its place and reason, and the run says how many there are', async () => {
    cases = await startUseCases();
    const nul = { '\0': 1 };
    const deep = JSON.parse(`${'['.repeat(120)}${']'.repeat(120)}`);
    const bad = [
      { resource: condition('x'.repeat(129)), reason: 'no-id' },
      { resource: condition(undefined), reason: 'no-id' },
      { resource: { resourceType: 'Device', id: 'd' }, reason: 'wrong-resource-type' },
      { resource: condition('large', { note: 'x'.repeat(17 * 1024 * 1024) }), reason: 'too-large' },
      { resource: condition('nul', { extension: [nul] }), reason: 'nul-in-key' },
      { resource: condition('deep', { deep }), reason: 'too-deep' },
      { resource: null, reason: 'not-an-object' },
    ];
    const body = page([condition('good'), ...bad.map(({ resource }) => resource)]);
    await answerConditions({ ...body, entry: [...body.entry, { fullUrl: 'urn:uuid:1' }] });
    const { run, phase, byType } = await sync(onePatient);
    const warning = {
      code: 'entries-rejected',
      message: expect.stringMatching(new RegExp(`^8 entries .*${run.id}\\.$`)),
    };
    expect([phase, run.warnings]).toEqual(['completed', [warning]]);
    expect(byType.get('Condition')).toMatchObject({ fetched: 9, stored: 1, rejected: 8, failed: 0 });

    const entries = await listSteps(run);
    const reasons = [...bad.map(({ reason }) => reason), 'no-resource-type'];
    expect(entries.map(({ offset, reason }) => [offset, reason])).toEqual(
      reasons.map((reason, index) => [index + 1, reason]),
    );
    const { stepId = '' } = entries[0] ?? {};
    expect(stepId).toContain(run.id);
    expect(entries[0]).toMatchObject({
      source: 'sync',
      resourceType: 'Condition',
      fileId: `${stepId}.Condition`,
      line: 1,
    });
    const { store } = cases.deps;
    const text = (await buffer(await store.quarantine.openBytes(entries[2]?.id ?? ''))).toString();
    expect(JSON.parse(text)).toEqual({ resourceType: 'Device', id: 'd' });
    const large = await buffer(await store.quarantine.openBytes(entries[3]?.id ?? ''));
    expect(large).toHaveLength(entries[3]?.sizeBytes ?? 0);
  }, 60_000);

  test('a quarantined entry can be replayed: it stays open with the reason, or is stored and counted', async () => {
    cases = await startUseCases();
    await answerConditions(page([condition(undefined), condition('large', { note: 'x'.repeat(17 * 1024 * 1024) })]));
    const { run } = await sync(onePatient);
    const { quarantine, resources, syncSteps } = cases.deps.store;
    const [first, large] = await listSteps(run);
    const replay = async (id = '', correction?: object) => {
      if (correction) await quarantine.saveCorrection({ id, bytes: Buffer.from(JSON.stringify(correction)) });
      await replayLine(cases.deps, { quarantineId: id });
      return quarantine.find(id);
    };
    expect(await replay(first?.id)).toMatchObject({ state: 'open', replay: { reason: 'no-id' } });
    expect(await replay(large?.id)).toMatchObject({ state: 'open', replay: { reason: 'too-large' } });
    expect(await replay(first?.id, { resourceType: 'Device', id: 'd' })).toMatchObject({ state: 'open' });
    for (let times = 0; times < 2; times++)
      expect(await replay(first?.id, condition('mended'))).toMatchObject({ state: 'replayed', isCorrected: true });
    const reference = { connectionId: cases.connection.id, resourceType: 'Condition', resourceId: 'mended' };
    expect(await resources.read(reference)).toEqual({ deleted: false, resource: condition('mended') });
    expect(await resources.readSources(reference)).toMatchObject([
      { source: { syncRunId: run.id, stepId: first?.stepId } },
    ]);
    const counts = await syncSteps.sumByType(run.id);
    const conditions = counts.find(({ resourceType }) => resourceType === 'Condition');
    expect(conditions).toMatchObject({ fetched: 2, stored: 1, rejected: 1 });
  }, 60_000);

  test('a quarantined entry is not listed twice if its search restarts at its first page', async () => {
    cases = await startUseCases();
    const url = `${cases.simulator.fhirEndpoint}/Condition?page=2`;
    await answerConditions(page([condition(undefined)], { link: [{ relation: 'next', url }] }));
    const match = { path: 'r4/Condition$' };
    await cases.order({ match, fault: { kind: 'status', status: 410, body: {} }, after: 1 });
    // The same entry is now at another position.
    await answerConditions(page([condition('good'), condition(undefined)]), { after: 2 });
    const { run, byType } = await sync(onePatient);
    expect(byType.get('Condition')).toMatchObject({ fetched: 2, stored: 1, rejected: 1 });
    expect(await listSteps(run)).toMatchObject([{ line: 1, offset: 1 }]);
  });
});

describe('pages that lead back to an earlier page', () => {
  const page = (number: number) => `${cases.simulator.fhirEndpoint}/Condition?page=${number}`;
  const onePatient = { includeEnhanced: false, patients: patients.slice(0, 1) };

  /** Makes the search of Conditions return the pages 1, 2, 3, 2, 3, ... */
  async function injectCycle(): Promise<void> {
    for (let index = 0; index < 20; index++) {
      const link = [{ relation: 'next', url: page(2 + (index % 2)) }];
      await answerConditions({ resourceType: 'Bundle', link }, { after: index });
    }
  }

  test('a search fails if its pages lead back to an earlier page, and a retry starts at its first page', async () => {
    cases = await startUseCases();
    await injectCycle();
    const { run, phase, byType } = await sync(onePatient);
    expect([phase, run.error?.code]).toEqual(['partial', 'search-loops']);
    expect(byType.get('Condition')).toMatchObject({ failed: 1 });
    expect(byType.get('Condition')?.pages).toBeLessThan(10);
    expect(Object.keys(await marksOf(patients[0] ?? ''))).not.toContain('Condition');

    await fetch(`${cases.simulator.baseUrl}/_sim/faults`, { method: 'DELETE' });
    const retried = await retry(run);
    expect(retried.phase).toBe('completed');
    expect(retried.byType.get('Condition')).toMatchObject({ pages: 1, failed: 0 });
  });

  test('a cycle of pages is found even if the worker restarts after every page', async () => {
    cases = await startUseCases();
    await injectCycle();
    const { store } = cases.deps;
    const run = await plan(onePatient);
    let restarts = 0;
    for (;;) {
      const [stepId] = await store.syncSteps.listUnsettledIds(run.id);
      if (stepId === undefined) break;
      const stop = new AbortController();
      // The process stops after it has stored a page.
      const saveSearches: typeof store.syncSteps.saveSearches = async (...saved) => {
        const isSaved = await store.syncSteps.saveSearches(...saved);
        stop.abort(new Error('the process is stopping'));
        return isSaved;
      };
      const deps = { ...cases.deps, store: { ...store, syncSteps: { ...store.syncSteps, saveSearches } } };
      await runSyncStep(deps, { stepId, retryAt: firstAttempt, progress, signal: stop.signal }).catch(() => undefined);
      restarts += 1;
      if (restarts === 100) throw new Error('the search does not end');
    }
    // One page of each type, and at least the pages 1, 2, 3 and 2 of the cycle.
    expect(restarts).toBeGreaterThanOrEqual(standard.length + 4);
    await finalizeSync(cases.deps, { syncRunId: run.id });
    expect(await store.syncRuns.find(run.id)).toMatchObject({ phase: 'partial', error: { code: 'search-loops' } });
  });
});

test('a search that the EHR delays is not given up, even at its last attempt', async () => {
  cases = await startUseCases();
  const { deps } = cases;
  const request = { includeStandard: false, includeEnhanced: true, resourceTypes: ['CarePlan'], patients };
  const run = makeSyncRun({ request });
  await deps.store.syncRuns.insert(run);
  await planSync(deps, { syncRunId: run.id, signal });
  const [stepId = ''] = await deps.store.syncSteps.listUnsettledIds(run.id);
  const match = { path: 'r4/CarePlan$' };
  await cases.order({ match, fault: { kind: 'status', status: 429, retryAfter: '1' } });
  const step = { stepId, retryAt: lastAttempt, progress, signal };
  await expect(runSyncStep(deps, step)).rejects.toMatchObject({ code: 'ehr-throttled' });
  expect(await deps.store.syncSteps.listUnsettledIds(run.id)).toContain(stepId);
  await runSyncStep(deps, step);
  expect(await deps.store.syncSteps.listUnsettledIds(run.id)).not.toContain(stepId);
});

describe('a search that gets no page', () => {
  const hourMs = 3_600_000;
  const match = { path: 'r4/CarePlan$' };
  const body = { includeStandard: false, resourceTypes: ['CarePlan'], patients: patients.slice(0, 2) };
  const outage = { match, fault: { kind: 'status', status: 503, retryAfter: '7200' }, times: 'always' };
  const advance = (ms: number) => {
    cases.clock.now = new Date(cases.clock.now.getTime() + ms);
  };
  const stepIds = (run: SyncRun) => cases.deps.store.syncSteps.listUnsettledIds(run.id);
  const attempt = (stepId = '', isLast = false) =>
    runSyncStep(cases.deps, { stepId, retryAt: isLast ? lastAttempt : firstAttempt, progress, signal });
  const retrying = (run: SyncRun, limit = 10) => cases.deps.store.syncSteps.listRetrying({ runId: run.id, limit });
  const requests = async (run: SyncRun) => (await cases.deps.store.syncSteps.sumByType(run.id))[0]?.requests;

  test('a search waits as often as the EHR asks for it, and fails after a day without a page so that the run can end', async () => {
    cases = await startUseCases();
    await cases.order(outage);
    const run = await plan(body);
    const [first, second] = await stepIds(run);
    const since = cases.clock.now;
    for (let count = 0; count < 200; count++) {
      await expect(attempt(first, true)).rejects.toMatchObject({ code: 'ehr-unavailable' });
      advance(hourMs / 12);
    }
    await expect(attempt(second, true)).rejects.toMatchObject({ code: 'ehr-unavailable' });
    expect(await stepIds(run)).toHaveLength(2);
    const expectedStep = {
      state: 'waiting',
      resourceType: 'CarePlan',
      code: 'ehr-unavailable',
      message: expect.any(String),
    };
    const nextAttemptAt = expect.any(Date);
    expect(await retrying(run)).toMatchObject([
      { ...expectedStep, attempts: 1, since: cases.clock.now, nextAttemptAt },
      { ...expectedStep, attempts: 200, since, nextAttemptAt },
    ]);
    expect(await retrying(run, 1)).toHaveLength(1);
    expect(await requests(run)).toBe(201);

    advance(24 * hourMs);
    // A failed search is not progress, so the other search does not wait for another day.
    for (const id of [first, second]) await attempt(id);
    const ended = await runToEnd(run.id);
    expect(ended).toMatchObject({ phase: 'failed', run: { error: { code: 'search-waited-too-long' } } });
    expect(await retrying(run)).toEqual([]);

    await fetch(`${cases.simulator.baseUrl}/_sim/faults`, { method: 'DELETE' });
    expect((await retry(ended.run)).phase).toBe('completed');
  }, 60_000);

  test('a search continues to wait while other searches of its run get pages', async () => {
    cases = await startUseCases();
    await cases.order({ ...outage, times: 2 });
    const run = await plan(body);
    const [first, second] = await stepIds(run);
    await expect(attempt(first)).rejects.toThrow();
    advance(23 * hourMs);
    const { syncSteps } = cases.deps.store;
    const claim = { id: second ?? '', claim: 'a page of the other search' };
    const step = await syncSteps.claim(claim);
    const search = step?.searches[0];
    if (!search) throw new Error('the step has no search');
    await syncSteps.saveSearches(claim, { searches: [{ index: 0, search }], pageReadAt: cases.clock.now });
    advance(2 * hourMs);
    await expect(attempt(first)).rejects.toThrow();
    expect(await stepIds(run)).toContain(first);
    expect(await runToEnd(run.id)).toMatchObject({ phase: 'completed' });
  });

  test('a search shows that it is retried and counts the failed requests, until it gets a page', async () => {
    cases = await startUseCases();
    await cases.order({ match, fault: { kind: 'status', status: 500 }, times: 2 });
    const run = await plan({ ...body, patients: patients.slice(0, 1) });
    const [stepId] = await stepIds(run);
    const since = cases.clock.now;
    for (let times = 0; times < 2; times++) {
      await expect(attempt(stepId)).rejects.toThrow();
      advance(1000);
    }
    const [shown, ...moreSteps] = await retrying(run);
    expect(moreSteps).toEqual([]);
    expect(shown).toMatchObject({ state: 'retrying', code: 'ehr-unavailable', attempts: 2, since });
    expect(shown?.nextAttemptAt).toEqual(expect.any(Date));
    await attempt(stepId);
    expect(await retrying(run)).toEqual([]);
    expect(await requests(run)).toBe(3);
  });

  test('a search fails alone after 50 attempts without an error, as if a page crashes the worker', async () => {
    cases = await startUseCases();
    const run = await plan({ includeEnhanced: false, patients: patients.slice(0, 1) });
    const stepId = (await stepIds(run)).at(-1) ?? '';
    for (let crash = 0; crash < 50; crash++) await cases.deps.store.syncSteps.claim({ id: stepId, claim: `${crash}` });
    const { byType, run: ended } = await runToEnd(run.id);
    expect(ended).toMatchObject({ phase: 'partial', error: { code: 'search-attempts' } });
    const counts = [...byType.values()].filter(({ resourceType }) => resourceType !== 'Patient');
    expect(counts.reduce((all, { failed }) => all + failed, 0)).toBe(1);
    expect(counts.reduce((all, { completed }) => all + completed, 0)).toBe(counts.length - 1);
  });

  test('a search fails if its connection was deleted meanwhile', async () => {
    cases = await startUseCases();
    const run = await plan(body);
    await cases.deps.store.connections.delete(cases.connection.id);
    expect(await runToEnd(run.id)).toMatchObject({ phase: 'failed', run: { error: { code: 'connection-gone' } } });
  });
});

test('a run fails if the EHR delays its plan for a day, so that the next run can start', async () => {
  cases = await startUseCases();
  const { deps, clock } = cases;
  await cases.order({
    match: { path: 'metadata' },
    fault: { kind: 'status', status: 503, retryAfter: '60' },
    times: 9,
  });
  const request = { includeStandard: true, includeEnhanced: false, resourceTypes: [], patients };
  const run = makeSyncRun({ request, createdAt: clock.now });
  await deps.store.syncRuns.insert(run);
  const payload = { syncRunId: run.id };
  const planned = () => attemptJob(deps, { name: 'sync.plan', payload, retryAt: firstAttempt, signal });
  await expect(planned()).rejects.toMatchObject({ code: 'ehr-unavailable' });
  expect(await deps.store.syncRuns.find(run.id)).toMatchObject({ phase: 'queued' });
  clock.now = new Date(clock.now.getTime() + 24 * 3_600_000);
  await planned();
  expect(await deps.store.syncRuns.find(run.id)).toMatchObject({
    phase: 'failed',
    error: { code: 'search-waited-too-long' },
  });
});
