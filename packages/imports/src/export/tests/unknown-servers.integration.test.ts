import { simulatorAuth } from '@bulkhead/ehr/providers/testing';
import type { BulkExportRequest } from '@bulkhead/fhir';
import { firstAttempt } from '@bulkhead/queues/testing';
import { toResourceDocument } from '@bulkhead/records';
import { openTestStore, testContext } from '@bulkhead/store/testing';
import { type Handler, type Script, type ScriptedServer, startScriptedServer, waitFor } from '@bulkhead/testing';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createBulkExportData } from '../bulk-export.data.ts';
import { cancelExport } from '../commands.ts';
import { downloadFile } from '../download/download-file.job.ts';
import type { BulkExport } from '../index.ts';
import { bulkRoutes } from '../testing/bulk-routes.ts';
import { runExport } from '../testing/run-export.ts';
import { createStores, startUseCases, type UseCases } from '../testing/start-use-cases.ts';

// Answers of bulk data servers that the simulator does not give, and that must not end an export.

const patient = (id: string) =>
  `${JSON.stringify({ resourceType: 'Patient', id, meta: { lastUpdated: '2024-01-01T00:00:00Z' } })}\n`;
const patients = patient('p1') + patient('p2');
const manifest = (change: object = {}) => ({
  transactionTime: '2024-02-01T00:00:00Z',
  requiresAccessToken: false,
  output: [{ type: 'Patient', url: '/patients' }],
  ...change,
});

let server: ScriptedServer;
let cases: UseCases;
let foreign: ScriptedServer | undefined;
afterEach(async () => {
  await cases.stop();
  await server.stop();
  await foreign?.stop();
});

async function exportFrom(
  routes: Script = {},
  request: Partial<BulkExportRequest> = {},
  { hasToken = false } = {},
): Promise<BulkExport> {
  server = await startScriptedServer({ ...bulkRoutes(manifest()), '/patients': patients, ...routes });
  const tokenEndpoint = `${server.url}/token`;
  const auth = hasToken ? { ...simulatorAuth, scope: 'system/*.read', tokenEndpoint } : ({ method: 'none' } as const);
  cases = await startUseCases({ connection: { fhirEndpoint: server.url, auth } });
  return runExport(cases, request);
}

const files = ({ id }: BulkExport) => cases.deps.store.outputFiles.listByExport(id);

const codes = ({ warnings }: BulkExport) => warnings.map(({ code }) => code);
const exportsSent = () => server.requests.filter(({ path }) => path.endsWith('/$export')).map(({ path }) => path);

describe('a server without a usable CapabilityStatement', () => {
  test.each([
    { what: '404', metadata: { status: 404 } },
    { what: '401', metadata: { status: 401 } },
    { what: '500', metadata: { status: 500 } },
    { what: 'a web page', metadata: { headers: { 'content-type': 'text/html' }, body: '<html>Welcome</html>' } },
    { what: 'another resource', metadata: { body: '{"resourceType":"OperationOutcome"}' } },
  ])('an export uses the configured level and warns if /metadata answers $what', async ({ metadata }) => {
    const ended = await exportFrom({ '/metadata': metadata });
    expect(ended).toMatchObject({ phase: 'completed', counts: { stored: 2 } });
    expect(codes(ended)).toContain('no-capabilities');
    expect(exportsSent()).toEqual(['/Patient/$export']);
    expect(await cases.markedTypes()).toEqual(['*', 'Patient']);
  });
});

describe('what a status and its warnings say', () => {
  test('each type that the outcomes of an error file mention is named', async () => {
    const types = ['Condition', 'Goal', 'Procedure', 'Observation', 'Encounter'];
    const outcomes = types.map((type) => {
      const issue = [
        { severity: 'error', code: 'exception', details: { text: `${type} resources could not be read` } },
      ];
      return `${JSON.stringify({ resourceType: 'OperationOutcome', issue })}\n`;
    });
    const error = [{ type: 'OperationOutcome', url: '/errors' }];
    const ended = await exportFrom({ '/status*': { body: manifest({ error }) }, '/errors': outcomes.join('') });
    expect(ended.warnings).toContainEqual({
      code: 'reported-by-ehr',
      message:
        'The EHR reported 5 problems with its export: error, exception. They mention Condition, Encounter, Goal, Observation, Procedure.',
    });
  });

  test('a status of 413 advises a smaller export', async () => {
    const ended = await exportFrom({ '/status*': { status: 413 } });
    expect(ended.error?.message).toContain('fewer types');
    expect(ended.error?.message).not.toContain('Retry the export');
  });

  test.each([
    { what: 'in its first line', text: '{"resourceType":"Patient"', bytes: 0, attempts: 8 },
    { what: 'after its first lines', text: patients, bytes: patients.length, attempts: 5 },
    { what: 'after stored batches', text: patient('p1').repeat(400), bytes: expect.any(Number), attempts: 5 },
  ])(
    'a file that is cut $what each time fails after $attempts attempts, with the reason',
    async ({ text, bytes, attempts }) => {
      const cutFile: Handler = (_request, response) => {
        response.writeHead(200, { 'content-length': 10_000_000 });
        response.write(text, () => setTimeout(() => response.destroy(), 200));
      };
      const ended = await exportFrom({ '/patients': cutFile });
      const [file] = await files(ended);
      expect(file?.error).toMatchObject({
        code: 'connection-lost',
        message: expect.stringContaining(`${attempts} times`),
      });
      expect(file?.checkpoint.bytes).toEqual(bytes);
      expect(server.requests.filter(({ path }) => path === '/patients')).toHaveLength(attempts);
    },
  );

  test('a file without an end is said to have stopped, at each attempt, with what had come', async () => {
    const endless: Handler = (_request, response) => void response.writeHead(200).write(patients);
    server = await startScriptedServer({ ...bulkRoutes(manifest()), '/patients': endless });
    cases = await startUseCases({
      connection: { fhirEndpoint: server.url, auth: { method: 'none' } },
      idleTimeoutMs: 300,
    });
    const ended = await runExport(cases);
    const [file] = await files(ended);
    expect(file?.error?.message).toMatch(
      `stopped sending the file at the same place 5 times, after byte ${patients.length}`,
    );
    expect(await cases.deps.store.bulkExports.listEvents(ended.id)).toContainEqual(
      expect.objectContaining({
        kind: 'file-waiting',
        message: expect.stringContaining(`The EHR stopped sending the file after byte ${patients.length} (line 2)`),
      }),
    );
  });

  test('a server without DELETE causes no warning', async () => {
    for (const code of [405, 501]) {
      const ended = await exportFrom({ 'DELETE /status*': { status: code } });
      expect([ended.phase, codes(ended)]).toEqual(['completed', []]);
      await cases.stop();
      await server.stop();
    }
    await exportFrom();
  });

  test('a cancelled export counts what its downloads had stored when they stopped', async () => {
    const text = Array.from({ length: 3000 }, (_, index) => patient(`p${index}`)).join('');
    server = await startScriptedServer({
      ...bulkRoutes(manifest()),
      '/patients': (_request, response) => void response.writeHead(200).write(text),
    });
    cases = await startUseCases({ connection: { fhirEndpoint: server.url, auth: { method: 'none' } } });
    const { deps, read } = cases;
    const id = await cases.exporting({ request: { exportType: 'Patient', resourceTypes: [] } });
    await cases.pollOnce(id);
    const [fileId = ''] = await deps.store.outputFiles.listUnsettledIds(id);
    const signal = AbortSignal.timeout(20_000);
    const downloading = downloadFile(deps, { fileId, retryAt: firstAttempt, progress: () => undefined, signal });
    await waitFor(async () => ((await deps.store.outputFiles.sum(id)).stored ?? 0) > 0);
    await cancelExport({ store: deps.store, producer: deps.producer, find: () => read(id) });
    await downloading;
    const connectionId = cases.connection.id;
    const stored = await deps.store.resources.listIds({ connectionId, resourceType: 'Patient' });
    expect((await read(id)).counts.stored).toBe(stored.length);
  });
});

describe('a server that answers a kick-off with `_since` with 404, because nothing has changed', () => {
  // Google's test server: https://github.com/google/bulk_fhir_tools/blob/master/cmd/test_server/main.go (`startExport`, `errorFormat`).
  const says = (text: string) => ({
    status: 404,
    body: {
      resourceType: 'OperationOutcome',
      id: '1',
      issue: [{ severity: 'error', code: 'processing', details: { text } }],
    },
  });
  const text = 'No data found for export group clinic _since 2024-02-01T00:00:00Z';
  const noData = says(text);
  const marks = async () => {
    const found = await cases.deps.store.watermarks.list({ connectionId: cases.connection.id });
    return found.map(({ resourceType, transactionTime, deletionsAt }) => [resourceType, transactionTime, deletionsAt]);
  };

  test('the export ends without files, and the next one asks from the same time', async () => {
    await exportFrom();
    const before = await marks();
    const since = '2024-02-01T00:00:00Z';
    server.answer({ '*/$export': [noData, { status: 202, headers: { 'content-location': '/status/2' } }] });
    const ended = await runExport(cases, { since, sinceLast: true });
    expect(ended).toMatchObject({ phase: 'completed', isPartial: false, counts: { files: 0, stored: 0 } });
    expect(ended.warnings).toEqual([
      { code: 'no-changes', message: expect.any(String), ehrText: `error processing: ${text}` },
    ]);
    expect([ended.watermarkDecisions, await marks()]).toEqual([[], before]);
    expect(server.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(1);
    // What has changed meanwhile is stored, although its time is before the answer without data.
    server.answer({
      '/status*': { body: manifest({ transactionTime: '2024-02-03T00:00:00Z' }) },
      '/patients': patients + patient('p3'),
    });
    expect(await runExport(cases, { since, sinceLast: true })).toMatchObject({
      phase: 'completed',
      counts: { stored: 3 },
    });
    expect(exportsSent()).toHaveLength(3);
    expect((await marks()).map(([, time]) => time)).toEqual(['2024-02-03T00:00:00Z', '2024-02-03T00:00:00Z']);
  });

  test('a retried export does not take the time of its earlier attempt for that of the answer', async () => {
    await exportFrom();
    const before = await marks();
    server.answer({ '*/$export': noData });
    const since = '2024-02-01T00:00:00Z';
    const { id } = await cases.insertExport({
      request: { exportType: 'Patient', resourceTypes: [], since, sinceLast: true },
      transactionTime: '2024-02-09T00:00:00Z',
      statusUrl: `${server.url}/status/9`,
      retriedAt: cases.clock.now,
    });
    const ended = await runExport(cases, {}, id);
    expect(ended).toMatchObject({ phase: 'completed', counts: { files: 0 } });
    expect([ended.transactionTime, await marks()]).toEqual([undefined, before]);
  });

  const since = '2024-02-01T00:00:00Z';
  const unlessSince =
    (answer: Script[string]): Handler =>
    ({ query, count }) =>
      query.has('_since') ? (answer as object) : { status: 202, headers: { 'content-location': `/status/${count}` } };

  test('without an earlier kick-off the same one without `_since` decides, and its export is deleted', async () => {
    const ended = await exportFrom({ '*/$export': unlessSince(noData) }, { since });
    expect(ended).toMatchObject({ phase: 'completed', counts: { files: 0 }, noChanges: 'verified' });
    expect(ended.warnings).toEqual([
      { code: 'no-changes', message: expect.any(String), ehrText: `error processing: ${text}` },
    ]);
    const deleted = server.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path);
    expect(deleted).toEqual(['/status/3']);
  });

  test('after three in a row a kick-off without `_since` verifies that the access was not withdrawn', async () => {
    await exportFrom();
    server.answer({ '*/$export': unlessSince(says('The export has no data because access was revoked')) });
    const ends = [];
    for (let night = 0; night < 5; night++) ends.push((await runExport(cases, { since, sinceLast: true })).noChanges);
    expect(ends).toEqual(['assumed', 'assumed', 'assumed', 'verified', 'assumed']);
    server.answer({ '*/$export': says('The export has no data because access was revoked') });
    await runExport(cases, { since, sinceLast: true });
    await runExport(cases, { since, sinceLast: true });
    const ended = await runExport(cases, { since, sinceLast: true });
    expect(ended).toMatchObject({
      phase: 'failed',
      error: { code: 'export-not-offered', ehrText: expect.stringContaining('access was revoked') },
    });
  });

  test('a 404 that says nothing refuses `_since`, so everything is exported', async () => {
    await exportFrom();
    server.answer({ '*/$export': unlessSince({ status: 404 }) });
    const ended = await runExport(cases, { since, sinceLast: true });
    expect(ended).toMatchObject({ phase: 'completed', counts: { unchanged: 2 } });
    expect(codes(ended)).toContain('parameter-dropped');
  });

  test('a 404 also without `_since` fails the export', async () => {
    const ended = await exportFrom({ '*/$export': { status: 404, body: 'Group/a is not known' } }, { since });
    expect(ended).toMatchObject({ phase: 'failed', error: { code: 'export-not-offered' } });
    expect(exportsSent().toSorted()).toEqual([
      '/Group/a-1.C-195900/$export',
      '/Group/a-1.c-195900/$export',
      '/Group/a-1.c-195900/$export',
    ]);
  });
});

describe('an export of less than everything', () => {
  const declared: Script = {
    '/metadata': {
      body: {
        resourceType: 'CapabilityStatement',
        fhirVersion: '4.0.1',
        implementationGuide: ['http://hl7.org/fhir/uv/bulkdata|3.0.0'],
        rest: [{ resource: [{ type: 'Patient', operation: [{ name: 'export' }] }] }],
      },
    },
  };

  test.each([{ patients: ['p1', 'p2'] }, { until: '2024-01-15T00:00:00Z' }, { elements: ['id'] }])(
    'with %j is sent, and moves no watermark',
    async (request) => {
      const ended = await exportFrom(declared, request);
      expect(ended).toMatchObject({ phase: 'completed', isPartial: false, counts: { stored: 2 } });
      expect(await cases.markedTypes()).toEqual([]);
      expect(ended.watermarkDecisions).toContainEqual({ resourceType: '*', reasons: ['type-filter'] });
    },
  );

  test('with elements never replaces a complete version, even if the server does not tag what it left out', async () => {
    await exportFrom(declared);
    const later = { resourceType: 'Patient', id: 'p1', meta: { lastUpdated: '2024-03-01T00:00:00Z' }, active: true };
    server.answer({ '/patients': `${JSON.stringify(later)}\n` });
    const ended = await runExport(cases, { elements: ['active'] });
    expect(ended).toMatchObject({ phase: 'completed', counts: { stored: 0, stale: 1 } });
    expect(codes(ended)).toContain('versions-incomplete');
  });
});

describe('an EHR that refuses `_since` and never lists deletions', () => {
  const sinceRefused: Handler = ({ query, count }) =>
    query.has('_since')
      ? { status: 400, body: 'Unsupported parameter _since' }
      : { status: 202, headers: { 'content-location': `/status/${count}` } };
  const at = (day: number) => `2024-02-${String(day).padStart(2, '0')}T00:00:00Z`;
  const all = ['p1', 'p2', 'p3', 'p4', 'p5'];
  const storedIds = (resourceType = 'Patient') =>
    cases.deps.store.resources.listIds({ connectionId: cases.connection.id, resourceType });
  /** Exports on a day, of which the next one asks for changes and gets everything. */
  const exportOn = async (
    day: number,
    ids: readonly string[],
    { manifest: manifestChange = {}, ...routes }: Script & { readonly manifest?: object } = {},
  ) => {
    server.answer({
      '/status*': { body: manifest({ transactionTime: at(day), ...manifestChange }) },
      '/patients': ids.map(patient).join(''),
      ...routes,
    });
    return runExport(cases, { since: at(1), sinceLast: true });
  };
  const start = async () => {
    const first = await exportFrom({ '*/$export': sinceRefused, '/patients': all.map(patient).join('') });
    expect(first).toMatchObject({ phase: 'completed', counts: { stored: 5 } });
    // The first one that is known to have everything, although changes were requested.
    expect(await exportOn(2, all)).toMatchObject({ phase: 'completed', counts: { unchanged: 5, deleted: 0 } });
  };

  test('what two complete exports in a row do not contain is deleted, and the next export can bring it back', async () => {
    await start();
    const once = await exportOn(3, ['p1', 'p2', 'p3', 'p4']);
    expect([once.counts.deleted, await storedIds()]).toEqual([0, all]);
    const twice = await exportOn(4, ['p1', 'p2', 'p3', 'p4']);
    expect([twice.counts.deleted, await storedIds()]).toEqual([1, ['p1', 'p2', 'p3', 'p4']]);
    expect(codes(twice)).toContain('deletions-inferred');
    const read = await cases.deps.store.resources.read({
      connectionId: cases.connection.id,
      resourceType: 'Patient',
      resourceId: 'p5',
    });
    expect(read).toMatchObject({ deleted: true });
    await exportOn(5, all);
    expect(await storedIds()).toEqual(all);
  });

  test('what one of two exports contains is kept', async () => {
    await start();
    const withoutOne = ['p1', 'p2', 'p3', 'p4'];
    for (const [day, ids] of [
      [3, withoutOne],
      [4, all],
      [5, withoutOne],
      [6, all],
    ] as const) {
      const { counts } = await exportOn(day, ids);
      expect([day, counts.deleted]).toEqual([day, 0]);
    }
    expect(await storedIds()).toEqual(all);
  });

  test.each([
    {
      what: 'errors were reported',
      change: {
        manifest: { error: [{ url: '/errors' }] },
        '/errors': `${JSON.stringify({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'exception' }] })}\n`,
      },
    },
    {
      what: 'a line was quarantined',
      change: { '/patients': `${['p1', 'p2', 'p3', 'p4'].map(patient).join('')}{"resourceType":"Pat\n` },
    },
    {
      what: 'a number of resources was wrong',
      change: { manifest: { output: [{ type: 'Patient', url: '/patients', count: 5 }] } },
    },
    { what: 'files have no type', change: { manifest: { output: [{ url: '/patients' }] } } },
  ])('nothing is deleted if $what in one of the two exports', async ({ change }) => {
    await start();
    const ids = ['p1', 'p2', 'p3', 'p4'];
    await exportOn(3, ids, change);
    expect((await exportOn(4, ids)).counts.deleted).toBe(0);
    await exportOn(5, ids, change);
    expect(await storedIds()).toEqual(all);
    // Only then two complete exports agree.
    await exportOn(6, ids);
    expect(await storedIds()).toEqual(all);
    await exportOn(7, ids);
    expect(await storedIds()).toEqual(ids);
  });

  test('nothing is deleted if a line was withheld from one of the two exports', async () => {
    await start();
    const ids = ['p1', 'p2', 'p3', 'p4'];
    const ended = await exportOn(3, ids);
    const [file] = await files(ended);
    await cases.deps.store.outputFiles.recountQuarantined({ id: file?.id ?? '', quarantined: 0, withheld: 1 });
    expect((await exportOn(4, ids)).counts.deleted).toBe(0);
    expect((await exportOn(5, ids)).counts.deleted).toBe(1);
  });

  test.each([
    { typeFilters: ['Patient?active=true'] },
    { patients: ['p1', 'p2', 'p3', 'p4'] },
    { cohort: 'panel' },
    { until: at(9) },
    { elements: ['id'] },
  ])('nothing is deleted after exports of less than everything: %j', async (request) => {
    const parameters = ['patient', '_until', '_elements'] as const;
    server = await startScriptedServer({ ...bulkRoutes(manifest()), '*/$export': sinceRefused });
    cases = await startUseCases({
      connection: { fhirEndpoint: server.url, auth: { method: 'none' } },
      provider: { infersDeletions: true, kickOff: { parameters: [...parameters] } },
    });
    const run = (day: number, ids: readonly string[], change: Partial<BulkExportRequest> = {}) => {
      server.answer({
        '/status*': { body: manifest({ transactionTime: at(day) }) },
        '/patients': ids.map(patient).join(''),
      });
      return runExport(cases, change);
    };
    const key = { connectionId: cases.connection.id, name: 'panel' };
    await cases.deps.store.cohorts.save({ key, from: undefined, patients: all.slice(0, 4), now: new Date() });
    for (const day of [1, 2]) await run(day, all);
    for (const day of [3, 4, 5]) expect((await run(day, all.slice(0, 4), request)).counts.deleted).toBe(0);
    expect(await storedIds()).toEqual(all);
    for (const day of [6, 7]) await run(day, all.slice(0, 4));
    expect(await storedIds()).toEqual(all.slice(0, 4));
  });

  test('nothing is deleted if most of a type is missing, or if a type is not sent at all', async () => {
    await start();
    await exportOn(3, ['p1', 'p2']);
    const ended = await exportOn(4, ['p1', 'p2']);
    expect([codes(ended).includes('deletions-too-many'), await storedIds()]).toEqual([true, all]);
    const nothing = { manifest: { output: [] } };
    await exportOn(5, [], nothing);
    await exportOn(6, [], nothing);
    expect(await storedIds()).toEqual(all);
  });

  test('what a sync or an export of another level has stored is kept', async () => {
    await start();
    const { store } = cases.deps;
    const context = { connectionId: cases.connection.id, observedAt: new Date(at(1)), now: new Date() };
    const write = (
      id: string,
      source: { syncRunId: string; stepId: string } | { exportId: string; fileId: string; line: number; level: string },
    ) => {
      const resource = { resourceType: 'Patient', id, meta: { lastUpdated: '2024-01-01T00:00:00Z' } };
      const json = Buffer.from(JSON.stringify(resource));
      return store.resourceWriter.write('Patient', [
        toResourceDocument({ resource, json, hasExactNumbers: false, context: { ...context, source } }),
      ]);
    };
    await write('of-sync', { syncRunId: 'sync_1', stepId: 's' });
    await write('of-system', { exportId: 'job_gone', fileId: 'f', line: 1, level: 'System' });
    await write('of-group', { exportId: 'job_gone', fileId: 'f', line: 1, level: 'Group/other' });
    await write('of-level', { exportId: 'job_gone', fileId: 'f', line: 1, level: `Group/${cases.connection.groupId}` });
    for (const day of [3, 4, 5]) await exportOn(day, all);
    expect(await storedIds()).toEqual(['of-group', 'of-sync', 'of-system', ...all].toSorted());
  });

  /** Deletes the exports that are older than everything, as if all of it had happened long ago. */
  const retain = async () => {
    const { mongodbUri: uri, encryptionKey } = cases;
    const { database, store, close } = await openTestStore(createStores, { uri, encryptionKey });
    // Their webhooks were sent, and they were deleted at the EHR.
    await database.collection('bulk_exports').updateMany({}, { $set: { notify: 'done', discard: 'done' } });
    const { retention } = createBulkExportData({ ...store, database: testContext(database).database });
    const now = new Date(Date.now() + 365 * 24 * 60 * 60_000);
    await retention?.['bulk-export']?.({ olderThan: now, now, limit: 100 });
    await close();
  };

  test('a resource is deleted although the export that stored it is no longer kept', async () => {
    await start();
    const ids = ['p1', 'p2', 'p3', 'p4'];
    await exportOn(3, ids);
    await retain();
    const [first, second] = await cases.deps.store.bulkExports.listCompleted({
      connectionId: cases.connection.id,
      limit: 10,
    });
    expect([first?.transactionTime, second]).toEqual([at(3), undefined]);
    expect((await exportOn(4, ids)).counts.deleted).toBe(1);
    expect(await storedIds()).toEqual(ids);
  });

  test('a resource is deleted although 25 exports of other types, and the retention, came between two of everything', async () => {
    await start();
    const ids = ['p1', 'p2', 'p3', 'p4'];
    await exportOn(3, ids);
    server.answer({ '/status*': { body: manifest({ transactionTime: at(3), output: [] }) } });
    for (let number = 0; number < 25; number++) await runExport(cases, { resourceTypes: ['Goal'] });
    const narrow = { exportType: 'Patient' as const, resourceTypes: [], typeFilters: ['Goal?status=active'] };
    for (let number = 0; number < 2; number++) await runExport(cases, narrow);
    await retain();
    expect((await exportOn(4, ids)).counts.deleted).toBe(1);
    expect(await storedIds()).toEqual(ids);
  });

  test('a type that is missing is a doubt although the export that stored it is no longer kept', async () => {
    const goals = `${JSON.stringify({ resourceType: 'Goal', id: 'g1' })}\n`;
    const both = {
      output: [
        { type: 'Patient', url: '/patients' },
        { type: 'Goal', url: '/goals' },
      ],
    };
    await exportFrom({ '/status*': { body: manifest(both) }, '/goals': goals });
    server.answer({ '/status*': { body: manifest({ ...both, transactionTime: at(2) }) } });
    await runExport(cases);
    const next = manifest({ transactionTime: at(3) });
    server.answer({ '/status*': { body: next } });
    for (let number = 0; number < 25; number++) await runExport(cases, { resourceTypes: ['Patient'] });
    await retain();
    const doubted = async () =>
      (await runExport(cases)).watermarkDecisions?.some(({ reasons }) => reasons.includes('type-missing'));
    expect(await doubted()).toBe(true);
    // Two in a row agree, and a third one too.
    expect([await doubted(), await doubted()]).toEqual([false, false]);
    // Unless an export since the last one has had the type in between.
    server.answer({
      '/status*': { body: manifest({ ...both, transactionTime: at(4) }) },
      '/goals': goals.replace('g1', 'g2'),
    });
    await runExport(cases, { since: at(3) });
    server.answer({ '/status*': { body: manifest({ transactionTime: at(5) }) } });
    expect(await doubted()).toBe(true);
  });
});

describe('files that are organized by patient', () => {
  const observation = (id: string) => `${JSON.stringify({ resourceType: 'Observation', id, status: 'final' })}\n`;
  const header = (id: string, change: object = {}) => {
    const parameter = [{ name: 'header', valueReference: { reference: `Patient/${id}` } }];
    return `${JSON.stringify({ resourceType: 'Parameters', ...change, parameter })}\n`;
  };
  const body = header('p1') + patient('p1') + observation('o1') + header('p2', { id: 'h2' }) + patient('p2');

  test.each([{ count: 3 }, { count: 5 }, {}])(
    'headers are not counted as resources of a file with %j',
    async (counted) => {
      const output = [{ url: '/by-patient', ...counted }];
      const ended = await exportFrom({ '/status*': { body: manifest({ output }) }, '/by-patient': body });
      expect(ended).toMatchObject({ phase: 'completed', counts: { stored: 3, quarantined: 0 } });
      expect(server.requests.filter(({ path }) => path === '/by-patient')).toHaveLength(1);
      expect(await cases.markedTypes()).toEqual(['*', 'Observation', 'Patient']);
      expect(codes(ended)).not.toContain('count-mismatch');
    },
  );

  test('Parameters are stored if the manifest has a file of this type', async () => {
    const output = [{ type: 'Parameters', url: '/parameters', count: 1 }];
    const parameters = `${JSON.stringify({ resourceType: 'Parameters', id: 'x', parameter: [] })}\n`;
    const routes = { '/status*': { body: manifest({ output }) }, '/parameters': parameters };
    expect(await exportFrom(routes)).toMatchObject({ counts: { stored: 1 } });
  });
});

describe('a manifest with requiresAccessToken: false whose files need the token', () => {
  const issueToken = { body: { access_token: 'token-1', token_type: 'bearer' } };
  const needsToken =
    (status: number): Handler =>
    ({ headers }) =>
      headers.authorization === 'Bearer token-1' ? { body: patients } : { status };

  test.each([401, 403])('a file that is refused with %i is requested once more with the token', async (status) => {
    const routes = { '/token': issueToken, '/patients': needsToken(status) };
    const ended = await exportFrom(routes, {}, { hasToken: true });
    expect(ended).toMatchObject({ phase: 'completed', counts: { stored: 2, filesFailed: 0 } });
    expect(server.requests.filter(({ path }) => path === '/patients')).toHaveLength(2);
  });

  test('a file at another origin is not requested with the token, and the error says that none was sent', async () => {
    foreign = await startScriptedServer({ '/patients': needsToken(401) });
    const output = [{ type: 'Patient', url: `${foreign.url}/patients` }];
    const routes = { '/token': issueToken, '/status*': { body: manifest({ output }) } };
    const ended = await exportFrom(routes, {}, { hasToken: true });
    const [file] = await files(ended);
    expect(file).toMatchObject({ state: 'failed', error: { code: 'ehr-unauthorized' } });
    expect(file?.error?.message).toContain('no access token was sent');
    expect(foreign.requests).toHaveLength(1);
  });

  test('a file that is refused with the token too fails, and the error says that the token was sent', async () => {
    const routes = { '/token': issueToken, '/patients': { status: 401 } };
    const [file] = await files(await exportFrom(routes, {}, { hasToken: true }));
    expect(file?.error).toMatchObject({
      code: 'ehr-unauthorized',
      message: expect.stringContaining('rejected the access token'),
    });
  });

  test('a file that needs a token fails for a connection without credentials, and the error says so', async () => {
    const [file] = await files(await exportFrom({ '/patients': needsToken(401) }));
    expect(file?.error).toMatchObject({
      code: 'ehr-unauthorized',
      message: expect.stringContaining('no access token was sent'),
    });
  });
});

describe('answers that are not what was requested', () => {
  const page = '<!DOCTYPE html><title>Login</title>';
  const send = (body: string, type = 'application/fhir+ndjson', status = 200) => ({
    status,
    headers: { 'content-type': type },
    body,
  });
  const storedIds = async (resourceType: string) =>
    cases.deps.store.resources.listIds({ connectionId: cases.connection.id, resourceType });

  test('a server that answers differently at each try gets its file stored once it is a file', async () => {
    const answers = [
      send(page, 'text/html'),
      { status: 503 },
      send(page, 'application/fhir+ndjson'),
      send('', 'text/plain', 202),
      send('busy', 'text/plain', 429),
      send(patients, 'application/ndjson+fhir'),
      { status: 500 },
    ];
    const ended = await exportFrom({ '/patients': answers });
    expect(ended).toMatchObject({ phase: 'completed', counts: { stored: 2, quarantined: 0, filesFailed: 0 } });
    expect(await storedIds('Patient')).toEqual(['p1', 'p2']);
  });

  test('a body that begins like NDJSON and is a web page stores only its resource, and keeps the other lines', async () => {
    const lines = Array.from({ length: 40 }, (_, index) => `<p>Line ${index}</p>`).join('\n');
    const ended = await exportFrom({ '/patients': patient('p1') + lines });
    expect(await storedIds('Patient')).toEqual(['p1']);
    const [file] = await files(ended);
    expect(file?.checkpoint.stored).toBe(1);
    expect(ended.counts.quarantined).toBeGreaterThan(0);
  });

  test('a refusal in HTML fails the export and is quoted for operators', async () => {
    const ended = await exportFrom({ '*/$export': send('<html><h1>Not for you</h1></html>', 'text/html', 400) });
    expect(ended).toMatchObject({ phase: 'failed', error: { code: 'ehr-rejected', ehrText: 'Not for you' } });
    expect(ended.error?.message).not.toContain('Not for you');
  });

  test('a first line of 16 MB is quarantined, and the resources after it are stored', async () => {
    const long = `{"resourceType":"Patient","id":"long","text":"${'x'.repeat(16 * 1024 * 1024)}"}\n`;
    const ended = await exportFrom({ '/patients': send(long + patients, 'application/vnd.unknown') });
    expect(ended.counts).toMatchObject({ stored: 2, quarantined: 1 });
    expect(await storedIds('Patient')).toEqual(['p1', 'p2']);
  });
});

describe('a server that writes the whole export before it answers the kick-off', () => {
  // OpenEMR runs the export in the kick-off: https://github.com/openemr/openemr/blob/master/src/RestControllers/FHIR/Operations/FhirOperationExportRestController.php
  const silent: Handler = () => undefined;
  const start = async (answers: Script[string]) => {
    server = await startScriptedServer({ ...bulkRoutes(manifest()), '/patients': patients, '*/$export': answers });
    const connection = { fhirEndpoint: server.url, auth: { method: 'none' } } as const;
    cases = await startUseCases({ connection, provider: { kickOff: { answerSeconds: 1 } } });
    return runExport(cases, {});
  };

  test('the kick-off is sent once more after an hour, and the export says what was observed', async () => {
    const before = new Date();
    const ended = await start([silent as never, { status: 202, headers: { 'content-location': '/status/2' } }]);
    expect(ended).toMatchObject({ phase: 'completed', counts: { stored: 2 } });
    expect(cases.clock.now.getTime() - before.getTime()).toBeGreaterThanOrEqual(3_600_000);
    const events = await cases.deps.store.bulkExports.listEvents(ended.id);
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: 'waiting',
        code: 'kick-off-unanswered',
        message: expect.stringContaining('within 1 seconds'),
      }),
    );
  });

  test('two kick-offs without an answer end the export', async () => {
    const ended = await start(silent);
    expect(ended).toMatchObject({ phase: 'failed', error: { code: 'kick-off-unanswered' } });
    expect(exportsSent()).toHaveLength(2);
  });
});

describe('a server that does not know yet what it has just accepted', () => {
  // Servers of several processes, and object stores that show a new file after some seconds.
  const first = (times: number, answer: Script[string], then: Script[string]): Handler => {
    let count = 0;
    return () => (count++ < times ? answer : then) as object;
  };

  test('404 to the first status requests is asked again, and then the export is read', async () => {
    const ended = await exportFrom({
      '/status*': first(3, { status: 404, body: 'Job not found' }, { body: manifest() }),
    });
    expect(ended).toMatchObject({ phase: 'completed', counts: { stored: 2 } });
    expect(await cases.deps.store.bulkExports.listEvents(ended.id)).toContainEqual(
      expect.objectContaining({ kind: 'waiting', code: 'export-not-there-yet', ehrText: 'Job not found' }),
    );
  });

  test('404 for 10 minutes, or after a status, means that the export is gone', async () => {
    const before = Date.now();
    expect(await exportFrom({ '/status*': { status: 404 } })).toMatchObject({ error: { code: 'export-gone' } });
    expect(cases.clock.now.getTime() - before).toBeGreaterThanOrEqual(10 * 60_000);
    server.answer({ '/status*': first(1, { status: 202 }, { status: 404 }) });
    expect(await runExport(cases)).toMatchObject({ error: { code: 'export-gone' }, pollCount: 1 });
  });

  test('a file that is not there yet is asked for again', async () => {
    const ended = await exportFrom({ '/patients': first(4, { status: 404 }, patients) });
    expect(ended).toMatchObject({ phase: 'completed', counts: { stored: 2, filesFailed: 0 } });
  });

  test('a file that is not there after 5 minutes has failed', async () => {
    const ended = await exportFrom({ '/patients': { status: 404 } });
    expect(ended).toMatchObject({ phase: 'failed' });
    expect(await files(ended)).toMatchObject([{ error: { code: 'link-expired' } }]);
  });
});

describe('a server that wants other headers of a status request', () => {
  // https://docs.oracle.com/en/industries/health/soarian-clinicals-apis/sfbda/op-export-statusrequest-get.html ("Header Parameters")
  test.each([
    {
      what: 'Prefer',
      status: 400,
      text: 'Prefer header is required',
      accepts: ({ prefer }: Record<string, unknown>) => prefer === 'respond-async',
    },
    {
      what: 'application/fhir+json alone',
      status: 406,
      text: 'Not Acceptable',
      accepts: ({ accept }: Record<string, unknown>) => accept === 'application/fhir+json',
    },
    {
      what: 'application/json alone',
      status: 406,
      text: 'Not Acceptable',
      accepts: ({ accept }: Record<string, unknown>) => accept === 'application/json',
    },
  ])('gets $what, and is asked without another refusal afterwards', async ({ status, text, accepts }) => {
    let refused = 0;
    let accepted = 0;
    const ended = await exportFrom({
      '/status*': ({ headers }) => {
        if (accepts(headers)) return ++accepted <= 3 ? { status: 202 } : { body: manifest() };
        refused += accepted === 0 ? 0 : 1;
        return { status, body: text };
      },
    });
    expect(ended).toMatchObject({ phase: 'completed', counts: { stored: 2 }, pollCount: 3 });
    expect(refused).toBe(0);
  });
});
