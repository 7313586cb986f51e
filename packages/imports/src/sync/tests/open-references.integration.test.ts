import { lastAttempt, runJob } from '@bulkhead/queues/testing';
import { toTombstone } from '@bulkhead/records';
import { ageChanges, makeDocument } from '@bulkhead/records/testing';
import { withMethods } from '@bulkhead/store/testing';
import { loseKeys } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import { runExport } from '../../export/testing/index.ts';
import { finalizeSync } from '../finish/finalize-sync.job.ts';
import { nextRound } from '../jobs.ts';
import { planReferencesWork } from '../plan/plan-references.job.ts';
import { planSync, runSyncStep, syncWork } from '../steps.ts';
import { needsReferences, type SyncRun } from '../sync-run.record.ts';
import { isSyncActive } from '../sync-run-phase.ts';
import { makeSyncRun } from '../testing/make-sync-run.ts';
import { progress, retry, signal } from '../testing/run-sync.ts';
import { startRunningSyncs } from '../testing/start-running-syncs.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

let cases: UseCases;
afterEach(() => cases.stop());

const left = ['Location', 'Medication', 'Observation', 'Organization', 'Practitioner', 'PractitionerRole'];
const reference = (to: string) => ({ reference: to });
const patientId = 'a-195900.E-1';
const subject = reference(`Patient/${patientId}`);
const put = (resourceType: string, id: string, content: object = {}) =>
  cases.control.put(`${resourceType}/${id}`, JSON.stringify({ resourceType, id, ...content }));

/** Starts an EHR whose exports leave out what the resources of patients refer to. */
async function start(options: Parameters<typeof startUseCases>[0] = {}): Promise<void> {
  cases = await startUseCases(options);
  await cases.inject({ path: 'export$' }, { kind: 'export-types', drop: left }, { times: 'always' });
}

/** Starts one that knows no patients, so that a test knows each reference, and stores a resource that has them. */
async function startWith(...references: object[]): Promise<void> {
  cases = await startUseCases();
  await store('Encounter', 'e1', references);
}

function store(resourceType: string, id: string, performer: readonly object[], more: object = {}) {
  const json = JSON.stringify({ resourceType, id, subject, performer, ...more });
  return cases.deps.store.resourceWriter.write(resourceType, [
    makeDocument(json, { connectionId: cases.connection.id }),
  ]);
}

/** Leaves the tombstone of a deletion. */
function deleteResource(resourceType: string, resourceId: string, now = new Date()) {
  const { id: connectionId } = cases.connection;
  const context = { connectionId, source: { syncRunId: 'sync_1', stepId: 'step_1' }, observedAt: now, now };
  return cases.deps.store.resourceWriter.write(resourceType, [toTombstone({ resourceId, context })]);
}

async function stored(): Promise<string[]> {
  const ids = await Promise.all(
    left.map(async (resourceType) => {
      const found = await cases.deps.store.resources.listIds({ connectionId: cases.connection.id, resourceType });
      return found.map((id) => `${resourceType}/${id}`);
    }),
  );
  return ids.flat().toSorted();
}

/** The references that the EHR was asked for, in the order of the requests. */
async function requested(): Promise<string[]> {
  const requests = await cases.control.requests(new RegExp(`/fhir/r4/(${left.join('|')})/`));
  return requests.map(({ path }) => path.split('/').slice(-2).join('/'));
}

/** Plans a run that only reads open references. */
async function planRun(): Promise<SyncRun> {
  const { deps, connection } = cases;
  const request = { includeStandard: false, includeEnhanced: false, includeReferences: true };
  const run = makeSyncRun({ connectionId: connection.id, request: { ...request, resourceTypes: [], patients: [] } });
  await deps.store.syncRuns.insert(run);
  await planSync(deps, { syncRunId: run.id, signal });
  return run;
}

async function planRound(syncRunId: string): Promise<void> {
  const { deps } = cases;
  const run = (await deps.store.syncRuns.find(syncRunId)) as SyncRun;
  await runJob(deps, planReferencesWork, nextRound(run).payload);
}

const runStep = (stepId: string, stepSignal = signal) =>
  runSyncStep(cases.deps, { stepId, retryAt: lastAttempt, progress, signal: stepSignal });

/** Does what the workers do until a run has ended. */
async function runToEnd({ id }: Pick<SyncRun, 'id'>): Promise<SyncRun> {
  const { deps } = cases;
  for (;;) {
    for (const stepId of await deps.store.syncSteps.listUnsettledIds(id)) await runStep(stepId);
    const run = (await deps.store.syncRuns.find(id)) as SyncRun;
    if (!isSyncActive(run)) return run;
    if (needsReferences(run)) await planRound(id);
    else await finalizeSync(deps, { syncRunId: id });
  }
}

const readOpen = async () => runToEnd(await planRun());

/** A report whose result has a member, and so on, to the organization of an organization. */
async function putChain(): Promise<void> {
  await put('MedicationRequest', 'mr', { subject, medicationReference: reference('Medication/m1') });
  await put('DiagnosticReport', 'dr', { subject, result: [reference('Observation/panel')] });
  await put('Observation', 'panel', { subject, hasMember: [reference('Observation/member')] });
  await put('Observation', 'member', { subject, performer: [reference('PractitionerRole/role')] });
  const role = { practitioner: reference('Practitioner/chained'), organization: reference('Organization/department') };
  await put('PractitionerRole', 'role', role);
  await put('Practitioner', 'chained');
  await put('Organization', 'department', { partOf: reference('Organization/hospital') });
  await put('Organization', 'hospital');
  await put('Medication', 'm1', { manufacturer: reference('Organization/maker') });
  await put('Organization', 'maker');
}

const chained = ['Observation/panel', 'Observation/member', 'PractitionerRole/role', 'Practitioner/chained'];
const chainedOrganizations = ['Organization/department', 'Organization/hospital', 'Organization/maker'];

test('a sync reads what an export leaves open and what that refers to, each once', async () => {
  await start();
  await putChain();
  const exported = await runExport(cases);
  expect([exported.phase, await stored()]).toEqual(['completed', []]);
  await cases.control.clearRequests();

  const run = await readOpen();
  const found = await requested();
  expect([run.phase, run.skipped]).toEqual(['completed', []]);
  expect(found.toSorted()).toEqual([...new Set(found)].toSorted());
  expect(found).toEqual(expect.arrayContaining([...chained, ...chainedOrganizations, 'Medication/m1']));
  expect(await stored()).toEqual(found.toSorted());
  expect(run.totals).toEqual({ stored: found.length, unchanged: 0 });
  // A read is not a search of the patient, so the next search must not begin after it.
  const marks = await cases.deps.store.crawlMarks.find({ connectionId: cases.connection.id, patientId });
  expect(marks).toEqual({});
  // What one round reads shows what the next one asks for.
  const places = chained.map((target) => found.indexOf(target));
  expect(places).toEqual(places.toSorted((one, other) => one - other));

  await cases.control.clearRequests();
  expect((await readOpen()).totals).toEqual({ stored: 0, unchanged: 0 });
  expect(await requested()).toEqual([]);
});

test('workers read open references after the searches of the same sync, and the run shows what it has read', async () => {
  const running = await startRunningSyncs();
  cases = { ...running, read: () => Promise.reject(new Error('not an export')) };
  await running.storePatients();
  const id = await running.start({ includeEnhanced: false, includeReferences: true });
  const run = await running.when(id, ({ status }) => status !== 'IN_PROGRESS');
  const found = await requested();
  expect(run).toMatchObject({ status: 'COMPLETED', patients: 4, otherResources: found.length });
  expect(run.types).toEqual(expect.arrayContaining(['Patient', 'Condition', 'Practitioner', 'Organization']));
  expect(found.length).toBeGreaterThan(3);
  expect((await stored()).filter((target) => !target.startsWith('Observation'))).toEqual(found.toSorted());
});

test('a worker that is killed at any point loses nothing, and only the request that was under way is sent again', async () => {
  await start();
  await putChain();
  await runExport(cases);
  const { deps } = cases;
  const run = await planRun();
  // Killed before the steps of the first round were stored.
  const unstored = withMethods(deps.store.syncSteps, { insertMissing: () => Promise.reject(new Error('killed')) });
  const stopped = { ...deps, store: { ...deps.store, syncSteps: unstored } };
  await expect(runJob(stopped, planReferencesWork, nextRound(run).payload)).rejects.toThrow('killed');
  // Killed after they were stored, before the run knew of them.
  const killed = withMethods(deps.store.syncRuns, { extend: () => Promise.reject(new Error('killed')) });
  const broken = { ...deps, store: { ...deps.store, syncRuns: killed } };
  await expect(runJob(broken, planReferencesWork, nextRound(run).payload)).rejects.toThrow('killed');
  await planRound(run.id);
  const [first = '', second = ''] = await deps.store.syncSteps.listUnsettledIds(run.id);
  await runStep(first);
  // Killed while the EHR answers.
  await cases.inject({ path: 'fhir/r4/[A-Za-z]+/' }, { kind: 'latency', ms: 60_000 });
  await expect(runStep(second, AbortSignal.timeout(500))).rejects.toThrow();
  // Killed after the last step, before the next round was planned, and all of Redis is lost.
  for (const stepId of await deps.store.syncSteps.listUnsettledIds(run.id)) await runStep(stepId);
  await loseKeys(cases.redis, cases.prefix);
  await syncWork(deps).ensureJobs();
  const ended = await runToEnd(run);
  const found = await requested();
  expect([ended.phase, await stored()]).toEqual(['completed', [...new Set(found)].toSorted()]);
  expect(found.length).toBe(new Set(found).size + 1);
  expect(found).toEqual(expect.arrayContaining(chainedOrganizations));
});

test('what the EHR does not have, or answers with something else, is remembered and asked for again after a week', async () => {
  await startWith(
    reference('Practitioner/none'),
    reference('Practitioner/deleted'),
    reference('Practitioner/merged'),
    reference('Practitioner/outcome'),
    reference('Practitioner/other-type'),
  );
  for (const id of ['deleted', 'merged', 'outcome', 'other-type']) await put('Practitioner', id);
  await cases.control.remove('Practitioner/deleted');
  const answer = (id: string, body: object) =>
    cases.inject(`Practitioner/${id}$`, { kind: 'status', status: 200, body }, { times: 'always' });
  await answer('merged', { resourceType: 'Practitioner', id: 'kept' });
  await answer('outcome', { resourceType: 'OperationOutcome', issue: [] });
  await answer('other-type', { resourceType: 'Patient', id: 'other-type' });
  expect((await readOpen()).phase).toBe('completed');
  expect([(await requested()).length, await stored()]).toEqual([5, []]);

  // A resource that refers to them is stored again, which does not ask for them again.
  await store('Encounter', 'e2', [reference('Practitioner/none')]);
  await readOpen();
  expect((await requested()).length).toBe(5);
  await put('Practitioner', 'none');
  cases.clock.now = new Date(cases.clock.now.getTime() + 8 * 24 * 60 * 60_000);
  await readOpen();
  expect([(await requested()).length, await stored()]).toEqual([10, ['Practitioner/none']]);
});

test('a reference below another name of the EHR is followed', async () => {
  const alias = 'http://ehr.internal:8080';
  await startWith(reference(`${alias}/fhir/r4/Practitioner/p1`));
  await cases.deps.store.connections.saveOrigins({ id: cases.connection.id, origins: [], aliases: [alias] });
  await put('Practitioner', 'p1');
  await readOpen();
  expect([await requested(), await stored()]).toEqual([['Practitioner/p1'], ['Practitioner/p1']]);
});

test('a resource that was deleted and is at the EHR again is read again', async () => {
  await startWith(reference('Practitioner/p1'));
  await deleteResource('Practitioner', 'p1', new Date(Date.now() - 60_000));
  await put('Practitioner', 'p1');
  await readOpen();
  expect([await requested(), await stored()]).toEqual([['Practitioner/p1'], ['Practitioner/p1']]);
});

test('a resource that a sync has read is read again by the next one if it was deleted since', async () => {
  await startWith(reference('Practitioner/p1'));
  await put('Practitioner', 'p1');
  await readOpen();
  await deleteResource('Practitioner', 'p1');
  await readOpen();
  expect(await requested()).toEqual(['Practitioner/p1', 'Practitioner/p1']);
});

test('a resource that is stored after its read was planned is not requested', async () => {
  await startWith(reference('Practitioner/p1'));
  const run = await planRun();
  await planRound(run.id);
  await store('Practitioner', 'p1', []);
  expect([(await runToEnd(run)).phase, await requested()]).toEqual(['completed', []]);
});

test('contained, logical and foreign references are not followed, and a version counts as its resource', async () => {
  await startWith(
    reference('#p'),
    { type: 'Practitioner', identifier: { system: 'npi', value: '1' } },
    reference('https://other.example/fhir/r4/Practitioner/p'),
    reference('Practitioner/p1/_history/2'),
    reference('Practitioner/p1'),
  );
  await store('Encounter', 'e2', [reference(`${cases.connection.fhirEndpoint}/Practitioner/p1`)]);
  await put('Practitioner', 'p1');
  await readOpen();
  expect([await requested(), await stored()]).toEqual([['Practitioner/p1'], ['Practitioner/p1']]);
});

test('types that the granted scopes do not cover are not requested, and the run says so', async () => {
  cases = await startUseCases({
    scope: 'system/Patient.read system/Practitioner.read',
    simulator: { enforceScopes: true },
  });
  await store('Encounter', 'e1', [
    reference('Practitioner/p1'),
    reference('Medication/m1'),
    reference('Medication/m2'),
  ]);
  await put('Practitioner', 'p1');
  const run = await readOpen();
  expect([run.phase, await requested()]).toEqual(['completed', ['Practitioner/p1']]);
  expect(run.skipped).toEqual([
    { resourceType: 'Medication', reason: expect.stringMatching(/^the granted scopes do not cover it/) },
  ]);
});

test('after five equal refusals the rest of a type is not requested, and a retry and the next run request what is open', async () => {
  const ids = Array.from({ length: 9 }, (_, index) => `p${index}`);
  await startWith(...ids.map((id) => reference(`Practitioner/${id}`)), reference('Location/l1'));
  for (const id of ids) await put('Practitioner', id);
  await put('Location', 'l1');
  await cases.inject('Practitioner/', { kind: 'status', status: 403 }, { times: 5 });
  const run = await readOpen();
  expect([run.phase, await requested()]).toMatchObject(['partial', { length: 6 }]);
  const { run: retried } = await retry(cases, run);
  expect([retried.phase, needsReferences(retried)]).toEqual(['running', true]);
  expect(await runToEnd(retried)).toMatchObject({ phase: 'completed' });
  expect(await requested()).toHaveLength(5 + 1 + 9);
  expect(await stored()).toHaveLength(10);
});

test('a cancelled run sends no further request, also if it is cancelled while a round is planned', async () => {
  await startWith(reference('Practitioner/p1'));
  const run = await planRun();
  const { syncSteps } = cases.deps.store;
  const racing = withMethods(syncSteps, {
    async insertMissing(...steps: Parameters<typeof syncSteps.insertMissing>) {
      await syncSteps.cancelUnsettled(run.id);
      const current = (await cases.deps.store.syncRuns.find(run.id)) as SyncRun & { readonly phase: 'running' };
      await cases.deps.store.syncRuns.transition({ from: current, to: 'cancelled' });
      return syncSteps.insertMissing(...steps);
    },
  });
  const deps = { ...cases.deps, store: { ...cases.deps.store, syncSteps: racing } };
  await runJob(deps, planReferencesWork, nextRound(run).payload);
  expect(await syncSteps.countUnsettled(run.id)).toBe(0);
  expect((await runToEnd(run)).phase).toBe('cancelled');
  expect(await requested()).toEqual([]);
});

test('the results of an erased patient are not read, whenever the erasure comes', async () => {
  cases = await startUseCases();
  const { deps, connection } = cases;
  const { syncSteps } = deps.store;
  const connectionId = connection.id;
  const report = (id: string) => store('DiagnosticReport', id, [], { result: [reference(`Observation/of-${id}`)] });
  const erase = (id: string) => deleteResource('DiagnosticReport', id);
  for (const id of ['before', 'planned', 'scanned']) await put('Observation', `of-${id}`, { subject });

  // Before the run is planned.
  await report('before');
  await erase('before');
  await readOpen();
  expect(await requested()).toEqual([]);

  // After it was planned: the erasure waits for steps that have not ended, and a step that runs then finds nothing to read.
  await report('planned');
  const run = await planRun();
  await planRound(run.id);
  expect(await syncWork(deps).isBusyWith({ connectionId, patientId })).toBe(true);
  await erase('planned');
  await runToEnd(run);
  expect(await requested()).toEqual([]);
  expect(await syncWork(deps).isBusyWith({ connectionId, patientId })).toBe(false);

  // While the references are looked through.
  await report('scanned');
  const other = await planRun();
  const slow = withMethods(syncSteps, {
    async insertMissing(...steps: Parameters<typeof syncSteps.insertMissing>) {
      await erase('scanned');
      return syncSteps.insertMissing(...steps);
    },
  });
  const racing = { ...deps, store: { ...deps.store, syncSteps: slow } };
  await runJob(racing, planReferencesWork, nextRound(other).payload);
  expect(await syncSteps.countUnsettled(other.id)).toBe(1);
  await runToEnd(other);
  expect(await requested()).toEqual([]);
});

/** Stores Encounters that refer to different practitioners. */
async function storeEncounters(count: number, referencesOfEach: number): Promise<void> {
  cases = await startUseCases();
  const { connection, deps, mongodbUri } = cases;
  const practitioners = (encounter: number) =>
    Array.from({ length: referencesOfEach }, (_, index) => reference(`Practitioner/p${encounter}-${index}`));
  const documents = Array.from({ length: count }, (_, index) =>
    makeDocument(
      { resourceType: 'Encounter', id: `e${index}`, performer: practitioners(index) },
      { connectionId: connection.id },
    ),
  );
  await deps.store.resourceWriter.write('Encounter', documents);
  await ageChanges({ mongodbUri, resourceTypes: ['Encounter'] });
}

test('a round looks only through what has changed since the round before, and the next run through everything', async () => {
  await storeEncounters(1200, 1);
  const { deps } = cases;
  const { resourceChanges, syncRuns, syncSteps } = deps.store;
  let seen = 0;
  const counting = withMethods(resourceChanges, {
    async *readInOnePass(...reading: Parameters<typeof resourceChanges.readInOnePass>) {
      for await (const change of resourceChanges.readInOnePass(...reading)) {
        seen += 1;
        yield change;
      }
    },
  });
  const watched = { ...deps, store: { ...deps.store, resourceChanges: counting } };
  /** @returns how many resources the round has looked through, and how many reads it has planned */
  const planWatched = async ({ id }: SyncRun) => {
    seen = 0;
    await runJob(watched, planReferencesWork, nextRound((await syncRuns.find(id)) as SyncRun).payload);
    return [seen, await syncSteps.countUnsettled(id)];
  };
  const run = await planRun();
  expect(await planWatched(run)).toEqual([1200, 1200]);
  await syncSteps.cancelUnsettled(run.id);
  await store('Encounter', 'new', [reference('Practitioner/p1-0'), reference('Practitioner/other')]);
  expect(await planWatched(run)).toEqual([1, 1]);
  expect((await runToEnd(run)).phase).toBe('completed');
  expect(await planWatched(await planRun())).toEqual([1201, 1200]);
});

test('a round plans some ten thousand reads, and the next one continues after them', async () => {
  await storeEncounters(600, 20);
  const { syncSteps } = cases.deps.store;
  const run = await planRun();
  await planRound(run.id);
  expect(await syncSteps.countUnsettled(run.id)).toBe(10_000);
  await syncSteps.cancelUnsettled(run.id);
  await planRound(run.id);
  expect(await syncSteps.countUnsettled(run.id)).toBe(2000);
});

test('a round that has looked through very many resources ends without reads, and the next one continues', async () => {
  await storeEncounters(1, 1);
  const { deps } = cases;
  const { resourceChanges, syncRuns, syncSteps } = deps.store;
  const many = withMethods(resourceChanges, {
    async *readInOnePass(...reading: Parameters<typeof resourceChanges.readInOnePass>) {
      for await (const change of resourceChanges.readInOnePass(...reading)) {
        for (let count = 0; count < 2_000_000; count++) yield { ...change, resource: undefined };
        yield change;
      }
    },
  });
  const run = await planRun();
  const { payload } = nextRound(run);
  await runJob({ ...deps, store: { ...deps.store, resourceChanges: many } }, planReferencesWork, payload);
  const found = (await syncRuns.find(run.id)) as SyncRun;
  expect([needsReferences(found), await syncSteps.count(run.id)]).toEqual([true, 0]);
  await planRound(run.id);
  expect(await syncSteps.countUnsettled(run.id)).toBe(1);
});
