import { patientsOf as ownersOf, type Resource } from '@bulkhead/fhir';
import { erasedText } from '@bulkhead/store';
import {
  type Handler,
  loseKeys,
  type Script,
  type ScriptedServer,
  startScriptedServer,
  waitFor,
} from '@bulkhead/testing';
import { afterEach, describe, expect, test } from '@jest/globals';
import { retryExport } from '../cancel-and-retry.ts';
import { cancelExport } from '../commands.ts';
import type { BulkExport } from '../index.ts';
import { exportWork } from '../recover/export-work.ts';
import { runExport, runSlice } from '../testing/run-export.ts';
import { startRunningExports } from '../testing/start-running-exports.ts';
import { startUseCases, type UseCases } from '../testing/start-use-cases.ts';

// Exports of more patients than the EHR accepts in one kick-off.

const patientsPerRequest = 2;
const someTypes = ['Patient', 'Observation'];

let server: ScriptedServer | undefined;
let cases: UseCases;
afterEach(async () => {
  await cases.stop();
  await server?.stop();
  server = undefined;
});

/** The patients that each kick-off has listed. */
const listed = () =>
  (server?.requests ?? []).filter(({ path }) => path.endsWith('/$export')).map(({ body }) => patientsOf(body));
const deleted = () => (server?.requests ?? []).filter(({ method }) => method === 'DELETE').map(({ path }) => path);
const codes = ({ warnings }: BulkExport) => warnings.map(({ code }) => code);

function patientsOf(body: string): string[] {
  const { parameter } = JSON.parse(body) as { parameter: { name: string; valueReference?: { reference: string } }[] };
  return parameter.flatMap(({ valueReference }) => valueReference?.reference.replace('Patient/', '') ?? []);
}

const acceptKickOff: Handler = ({ count }) => ({ status: 202, headers: { 'content-location': `/status/${count}` } });

const manifestOf = (statusPath: string, otherFile = '/empty') => ({
  transactionTime: '2024-02-01T00:00:00Z',
  requiresAccessToken: false,
  output: [
    { type: 'Patient', url: `/patients?export=${statusPath.slice('/status/'.length)}` },
    { type: 'Patient', url: otherFile },
  ],
});

/** A server whose exports have the patients that were listed. The files of all exports have the same path. */
async function startServer(change: Script = {}): Promise<void> {
  server = await startScriptedServer({
    '/metadata': {
      body: {
        resourceType: 'CapabilityStatement',
        fhirVersion: '4.0.1',
        implementationGuide: ['http://hl7.org/fhir/uv/bulkdata|2.0.0'],
        rest: [{ resource: [{ type: 'Patient', operation: [{ name: 'export' }] }] }],
      },
    },
    '*/$export': acceptKickOff,
    '/status/*': ({ path }) => ({ body: manifestOf(path) }),
    '/patients': ({ query }) =>
      (listed()[Number(query.get('export')) - 1] ?? [])
        .map(
          (id) => `${JSON.stringify({ resourceType: 'Patient', id, meta: { lastUpdated: '2024-01-01T00:00:00Z' } })}\n`,
        )
        .join(''),
    '/empty': '',
    'DELETE /status/*': { status: 202 },
    ...change,
  });
  cases = await startUseCases({
    connection: { fhirEndpoint: server.url, auth: { method: 'none' } },
    provider: { kickOff: { patientsPerRequest } },
  });
}

const storedIds = (resourceType = 'Patient') =>
  cases.deps.store.resources.listIds({ connectionId: cases.connection.id, resourceType });
const retry = async ({ id }: BulkExport) => (await retryExport({ ...cases.deps, find: () => cases.read(id) })).record;
const five = ['p1', 'p2', 'p3', 'p4', 'p5'];

describe('an export of more patients than one kick-off can list', () => {
  test('is made in parts of one export, each deleted at the server before the next, and stores exactly these patients', async () => {
    cases = await startUseCases({ simulator: { patients: 8 }, provider: { kickOff: { patientsPerRequest } } });
    await cases.orderScenario('one-export-until-deleted');
    const served = async (type: string) =>
      (await cases.control.lines(type)).map((line) => JSON.parse(line) as Resource & { readonly id: string });
    const chosen = (await served('Patient')).map(({ id }) => id).slice(0, 5);
    const ended = await runExport(cases, { patients: chosen, resourceTypes: someTypes });
    expect(ended).toMatchObject({ phase: 'completed', isPartial: false, statusUrl: expect.any(String) });
    expect(codes(ended)).toEqual([]);
    expect(ended.slices?.map(({ patients, state }) => [patients, state])).toEqual([
      [chosen.slice(0, 2), 'done'],
      [chosen.slice(2, 4), 'done'],
      [chosen.slice(4), 'done'],
    ]);
    for (const resourceType of someTypes) {
      const ofChosen = (await served(resourceType)).filter((content) =>
        ownersOf(content).some((id) => chosen.includes(id)),
      );
      expect(ofChosen.length).toBeGreaterThanOrEqual(chosen.length);
      expect((await storedIds(resourceType)).toSorted()).toEqual(ofChosen.map(({ id }) => id).toSorted());
    }
    expect(await cases.markedTypes()).toEqual([]);
  });

  test('stores nothing of patients who were not listed, if the EHR ignores the list, and says so', async () => {
    const lines = (...resources: object[]) => resources.map((resource) => `${JSON.stringify(resource)}\n`).join('');
    const of = (id: string) => ({ subject: { reference: `Patient/${id}` } });
    const patient = (id: string, more: object = {}) => ({ resourceType: 'Patient', id, ...more });
    const everybody = lines(patient('p1'), patient('p9'), patient('old', { link: [{ other: of('p1').subject }] }));
    const observation = (id: string, patientId: string) => ({ resourceType: 'Observation', id, ...of(patientId) });
    await startServer({
      '/status/*': {
        body: {
          ...manifestOf('/status/1'),
          output: [
            { type: 'Patient', url: '/everybody', count: 3 },
            { type: 'Observation', url: '/observations', count: 2 },
            { type: 'Practitioner', url: '/practitioners', count: 1 },
          ],
        },
      },
      '/everybody': everybody,
      '/observations': lines(observation('o1', 'p1'), observation('o9', 'p9')),
      '/practitioners': lines({ resourceType: 'Practitioner', id: 'd1' }),
    });
    const ended = await runExport(cases, { patients: ['p1'] });
    expect(ended).toMatchObject({ phase: 'completed', isPartial: false, counts: { stored: 4, notAsked: 2 } });
    expect(codes(ended)).toEqual(['patients-not-asked']);
    expect(ended.warnings[0]?.message).toContain('2 resources of patients who were not requested');
    // A Patient who is linked with a listed one is in that one's compartment.
    expect((await storedIds()).toSorted()).toEqual(['old', 'p1']);
    expect(await storedIds('Observation')).toEqual(['o1']);
    expect(await storedIds('Practitioner')).toEqual(['d1']);
  });

  test('stores the files of each part, even if they have the same paths', async () => {
    await startServer();
    const ended = await runExport(cases, { patients: five });
    expect(ended).toMatchObject({ phase: 'completed', counts: { files: 6, filesCompleted: 6, stored: 5 } });
    expect([listed(), await storedIds()]).toEqual([[['p1', 'p2'], ['p3', 'p4'], ['p5']], five]);
    expect(deleted()).toEqual(['/status/1', '/status/2', '/status/3']);
  });

  test('continues with the next part after a part with a failed file, and a retry exports only that part again', async () => {
    const gone: Handler = ({ query }) => (query.get('export') === '2' ? { status: 404 } : '');
    await startServer({ '/empty': gone, '/status/2': ({ path }) => ({ body: manifestOf(path, '/empty?export=2') }) });
    const ended = await runExport(cases, { patients: five });
    expect(ended).toMatchObject({ phase: 'completed', isPartial: true, counts: { filesFailed: 1, stored: 5 } });
    expect(ended.slices?.map(({ state }) => state)).toEqual(['done', 'incomplete', 'done']);
    expect(codes(ended)).toContain('files-failed');
    expect(await retry(ended)).toMatchObject({ phase: 'queued', slice: 1 });
    const again = await runExport(cases, {}, ended.id);
    expect(again).toMatchObject({
      phase: 'completed',
      isPartial: false,
      counts: { files: 6, filesFailed: 0, stored: 5 },
    });
    expect(listed()).toEqual([['p1', 'p2'], ['p3', 'p4'], ['p5'], ['p3', 'p4']]);
    expect(new Set(deleted())).toEqual(new Set(['/status/1', '/status/2', '/status/3', '/status/4']));
  });

  test('is resumed by a retry at the part whose kick-off was refused, with what was stored before', async () => {
    const refuseSecond: Handler = ({ count }) => (count === 2 ? { status: 403 } : acceptKickOff);
    await startServer({ '*/$export': refuseSecond });
    const ended = await runExport(cases, { patients: five });
    expect(ended).toMatchObject({ phase: 'failed', counts: { stored: 2 } });
    await retry(ended);
    expect(await runExport(cases, {}, ended.id)).toMatchObject({ phase: 'completed', counts: { files: 6, stored: 5 } });
    expect(listed()).toEqual([['p1', 'p2'], ['p3', 'p4'], ['p3', 'p4'], ['p5']]);
  });

  test('continues after a crash between two parts', async () => {
    await startServer();
    const { deps, read, redis, prefix } = cases;
    const { id: exportId } = await cases.insertExport({
      request: { exportType: 'Patient', resourceTypes: [], patients: five },
    });
    await runSlice(cases, exportId);
    expect(await read(exportId)).toMatchObject({ phase: 'queued', slice: 1, orphans: [expect.any(String)] });
    await loseKeys(redis, prefix);
    await exportWork(deps).ensureJobs();
    const jobs = await Promise.all(deps.producer.queues.map((queue) => queue.getJobs(['waiting', 'prioritized'])));
    expect(
      jobs
        .flat()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['export.discard', 'export.kick-off']);
    expect(await runExport(cases, {}, exportId)).toMatchObject({ phase: 'completed', counts: { stored: 5 } });
    expect(listed()).toHaveLength(3);
  });

  test('is cancelled in any part, and nothing of it stays at the server', async () => {
    await startServer();
    const { id: exportId } = await cases.insertExport({
      request: { exportType: 'Patient', resourceTypes: [], patients: five },
    });
    await runSlice(cases, exportId);
    const { store, producer } = cases.deps;
    await cancelExport({ store, producer, find: () => cases.read(exportId) });
    const ended = await runExport(cases, {}, exportId);
    expect(ended).toMatchObject({ phase: 'cancelled', counts: { stored: 2 } });
    expect([listed(), deleted()]).toEqual([[['p1', 'p2']], ['/status/1']]);
  });

  test('waits for the EHR for two days in each part, however long the parts before took', async () => {
    await startServer();
    const { id: exportId } = await cases.insertExport({
      request: { exportType: 'Patient', resourceTypes: [], patients: five },
    });
    for (const day of [1, 2, 3]) {
      cases.clock.now = new Date(cases.clock.now.getTime() + 40 * 60 * 60_000);
      expect([day, (await runSlice(cases, exportId)).phase]).toEqual([day, 'downloading']);
    }
    expect(await cases.read(exportId)).toMatchObject({ phase: 'completed', counts: { stored: 5 } });
  });

  test('runs to its end with a worker, as one export with one status', async () => {
    await startServer();
    await using system = await startRunningExports({
      connection: { fhirEndpoint: server?.url ?? '', auth: { method: 'none' } },
      provider: { kickOff: { patientsPerRequest } },
    });
    const id = await system.startExport({ patients: [...five, 'p1'] });
    const view = await system.settled(id);
    expect(view).toMatchObject({ status: 'COMPLETED', partial: false, parts: { total: 3, completed: 3, patients: 5 } });
    expect([listed(), view.counts]).toMatchObject([[['p1', 'p2'], ['p3', 'p4'], ['p5']], { files: 6, stored: 5 }]);
    await waitFor(async () => deleted().length === 3);
  });

  test('makes the erasure of each of its patients wait while it is active', async () => {
    await startServer({ '*/$export': { status: 403 } });
    const { id: exportId } = await cases.insertExport({
      request: { exportType: 'Patient', resourceTypes: [], patients: five },
    });
    const connectionId = cases.connection.id;
    const isBusyWith = (patientId: string) => exportWork(cases.deps).isBusyWith({ connectionId, patientId });
    expect([await isBusyWith('p3'), await isBusyWith('p9')]).toEqual([true, false]);
    expect(await runExport(cases, {}, exportId)).toMatchObject({ phase: 'failed' });
    expect(await isBusyWith('p3')).toBe(false);
  });

  test('never asks for all patients because all of its own were erased', async () => {
    await startServer({ '*/$export': { status: 403 } });
    const ended = await runExport(cases, { patients: ['p1'] });
    expect([ended.phase, listed()]).toEqual(['failed', [['p1']]]);
    const slices = [{ patients: [erasedText] }];
    await cases.deps.store.bulkExports.update({ id: ended.id, phase: 'failed', change: { slices } });
    await retry({ ...ended, slices });
    expect(await runExport(cases, {}, ended.id)).toMatchObject({
      phase: 'failed',
      error: { code: 'patient-list-empty' },
    });
    expect(listed()).toEqual([['p1']]);
  });
});

describe('an export of a cohort', () => {
  const cohort = 'panel';
  const save = async (patients: readonly string[]) => {
    const { store } = cases.deps;
    const key = { connectionId: cases.connection.id, name: cohort };
    await store.cohorts.save({ key, from: await store.cohorts.find(key), patients, now: cases.clock.now });
  };

  test('has the patients that the cohort lists at the kick-off, and moves no watermark of the level', async () => {
    await startServer();
    await save(['p1']);
    const { id } = await cases.insertExport({ request: { exportType: 'Patient', resourceTypes: [], cohort } });
    await save(five);
    const ended = await runExport(cases, {}, id);
    expect(ended).toMatchObject({ phase: 'completed', counts: { stored: 5 } });
    expect([listed(), await cases.markedTypes()]).toEqual([[['p1', 'p2'], ['p3', 'p4'], ['p5']], []]);
  });

  test('moves no mark if the EHR sends none of the patients, although it sends other resources of them', async () => {
    const goal = `${JSON.stringify({ resourceType: 'Goal', id: 'g1', subject: { reference: 'Patient/p1' } })}\n`;
    await startServer({
      '/status/1': ({ path }) => ({ body: { ...manifestOf(path), output: [{ type: 'Goal', url: '/goals' }] } }),
      '/goals': goal,
    });
    await save(['p1']);
    const withoutPatients = await runExport(cases, { cohort, sinceLast: true });
    expect(withoutPatients.watermarkDecisions).toContainEqual({ resourceType: '*', reasons: ['nothing-received'] });
    expect((await runExport(cases, { cohort, sinceLast: true })).slices).toMatchObject([{ patients: ['p1'] }]);
    const [slice] = (await runExport(cases, { cohort, sinceLast: true })).slices ?? [];
    expect(slice?.since).toEqual(expect.any(String));
  });

  test('fails without a kick-off if the cohort was deleted meanwhile', async () => {
    await startServer();
    const ended = await runExport(cases, { cohort });
    expect(ended).toMatchObject({ phase: 'failed', error: { code: 'unknown-cohort' } });
    expect(listed()).toEqual([]);
  });

  test('is listed without its patients', async () => {
    await startServer();
    await save(five);
    const { id } = await runExport(cases, { cohort });
    const listedExports = await cases.deps.store.bulkExports.list({
      provider: 'athenahealth',
      scope: 'all',
      limit: 10,
    });
    expect(listedExports.map((record) => [record.id, record.slices])).toEqual([[id, undefined]]);
  });
});
