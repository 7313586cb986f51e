import { Readable } from 'node:stream';
import type { EhrSimulatorOptions } from '@bulkhead/ehr-simulator';
import { waitFor } from '@bulkhead/testing';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startEhr, type TestEhr } from '../testing/start-ehr.ts';
import { deleteExport, readExportStatus, readManifest } from './export-status.ts';
import { kickOffExport } from './kick-off.ts';

let ehr: TestEhr;
let statusUrl: string;

async function start(simulator: EhrSimulatorOptions = {}): Promise<void> {
  ehr = await startEhr({ simulator });
  const request = { exportType: 'Patient', resourceTypes: ['Patient', 'Condition', 'Encounter'] } as const;
  ({ statusUrl = '' } = await kickOffExport({ session: ehr.session, request }));
}

const read = () => readExportStatus({ session: ehr.session, statusUrl });
const readComplete = () =>
  waitFor(async () => {
    const status = await read();
    return status.kind === 'complete' ? status.manifest : undefined;
  });
const orderStatus = (fault: object, times: number | 'always' = 1) =>
  ehr.inject({ method: 'GET', path: 'bulkstatus' }, fault, { times });

describe('a status request', () => {
  afterEach(() => ehr.stop());

  test('a status request returns the progress and the wait while the export runs', async () => {
    await start({ exportSeconds: 60, retryAfterSeconds: 12 });
    expect(await read()).toEqual({
      kind: 'in-progress',
      form: 'usual',
      progress: expect.stringMatching(/^in progress: \d+ %$/),
      retryAfterMs: 12_000,
    });
    const [request] = await ehr.requests(/bulkstatus/);
    expect(request?.headers.accept).toBe('application/json, application/fhir+json;q=0.9');
  });

  test.each([
    {
      what: 'without headers',
      headers: {},
      retryAfter: undefined,
      expected: { kind: 'in-progress', form: 'usual', retryAfterMs: undefined },
    },
    {
      what: 'with unreadable headers',
      headers: { 'x-progress': 'p'.repeat(5000) },
      retryAfter: 'soon',
      expected: { kind: 'in-progress', form: 'usual', retryAfterMs: undefined, progress: 'p'.repeat(100) },
    },
  ])('a status request accepts 202 $what', async ({ headers, retryAfter, expected }) => {
    await start();
    await orderStatus({ kind: 'status', status: 202, headers, retryAfter });
    expect(await read()).toEqual(expected);
  });

  test('a status request returns the manifest of a finished export', async () => {
    await start();
    const manifest = await readComplete();
    expect(manifest).toEqual({
      transactionTime: expect.stringMatching(/^\d{4}-/),
      requiresAccessToken: true,
      unreadableEntries: 0,
      statedErrors: [],
      hasDeletedList: true,
      entries: ['Patient', 'Condition', 'Encounter'].map((type) =>
        expect.objectContaining({
          section: 'output',
          type,
          count: expect.any(Number),
          url: expect.stringMatching(new RegExp(`^${ehr.simulator.fhirEndpoint}/bulkdata/.*/${type}.ndjson`)),
        }),
      ),
    });
    expect((await ehr.violations()).violations).toEqual([]);
  });

  test('a status request resolves relative URLs #relative-urls', async () => {
    await start();
    const { entries } = await readComplete();
    await orderStatus({ kind: 'relative-urls' });
    expect((await readComplete()).entries).toEqual(entries);
  });

  test.each(['202', 'x-export-status'])('a partial manifest (%s) is no end #partial-manifest', async (as) => {
    await start();
    await readComplete();
    await orderStatus({ kind: 'partial-manifest', files: 1, as });
    expect(await read()).toEqual({ kind: 'in-progress', form: 'usual', retryAfterMs: 1000 });
  });

  test('a manifest of several pages is read to its end #manifest-paging', async () => {
    await start();
    const { entries } = await readComplete();
    await orderStatus({ kind: 'paged-manifest', pageSize: 1 }, 'always');
    expect((await readComplete()).entries).toEqual(entries);
    expect((await ehr.violations()).violations).toEqual([]);
  });

  test('a manifest is rejected if one of its pages cannot be read #manifest-paging', async () => {
    await start();
    await readComplete();
    await orderStatus({ kind: 'paged-manifest', pageSize: 1 }, 'always');
    await ehr.inject('bulkstatus', { kind: 'status', status: 500 }, { after: 1 });
    await expect(read()).rejects.toMatchObject({ code: 'ehr-unavailable' });
  });

  test.each([
    {
      what: 'HTML',
      fault: { kind: 'status', status: 200, body: '<html>', contentType: 'text/html' },
      // As after a 503, because a gateway sends it while the export continues.
      retry: 'later',
    },
    { what: 'an empty body', fault: { kind: 'status', status: 200, body: '' } },
    { what: 'a manifest without transactionTime', fault: { kind: 'status', status: 200, body: { output: [] } } },
    {
      what: 'an invalid transactionTime',
      fault: { kind: 'status', status: 200, body: { transactionTime: 'now', output: [] } },
    },
    { what: 'a list', fault: { kind: 'status', status: 200, body: [{ transactionTime: '2024-01-01T00:00:00Z' }] } },
    { what: 'JSON that is cut off', fault: { kind: 'truncate', afterBytes: 100, clean: true } },
  ])('a status request with $what as the answer is retried', async ({ fault, retry = 'briefly' }) => {
    await start();
    await readComplete();
    await orderStatus(fault);
    await expect(read()).rejects.toMatchObject({ code: 'manifest-not-understood', retry });
    expect((await readComplete()).entries).toHaveLength(3);
  });

  test.each([
    { what: 'is reset', fault: { kind: 'reset', afterBytes: 100 } },
    { what: 'ends before the declared length', fault: { kind: 'truncate', afterBytes: 100 } },
  ])('a status request whose connection $what is retried', async ({ fault }) => {
    await start();
    await readComplete();
    await orderStatus(fault);
    await expect(read()).rejects.toMatchObject({ code: 'connection-lost', retry: 'later' });
    expect((await readComplete()).entries).toHaveLength(3);
  });

  test.each([
    { status: 404, code: 'ehr-not-found', retry: 'never' },
    { status: 410, code: 'ehr-not-found', retry: 'never' },
    { status: 400, code: 'ehr-rejected', retry: 'never' },
    { status: 500, code: 'ehr-unavailable', retry: 'later' },
    { status: 408, code: 'ehr-rejected', retry: 'later' },
  ] as const)(
    'a status request that fails with $status throws $code with the retry advice $retry',
    async ({ status, code, retry }) => {
      await start();
      await orderStatus({ kind: 'status', status });
      await expect(read()).rejects.toMatchObject({ status, code, retry });
    },
  );

  test('a status request is retried after a 4xx with a transient issue', async () => {
    await start();
    const body = { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'transient' }] };
    await orderStatus({ kind: 'status', status: 400, body });
    await expect(read()).rejects.toMatchObject({ status: 400, retry: 'later' });
  });

  test.each([
    { what: 'HTML', body: '<html>planted</html>', contentType: 'text/html' },
    { what: 'plain text', body: 'planted' },
    { what: 'an empty body', body: '' },
    { what: 'a long body', body: 'planted'.repeat(10_000) },
    { what: 'other JSON', body: { message: 'planted' } },
    {
      what: 'an outcome of a wrong shape',
      body: { resourceType: 'OperationOutcome', issue: [null, 7, { code: {}, details: 'planted' }] },
    },
  ])(
    'a status request that fails with 503 and $what throws an error without that text',
    async ({ body, contentType }) => {
      await start();
      await orderStatus({ kind: 'status', status: 503, body, contentType, retryAfter: '3' });
      const error = await read().catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'ehr-unavailable', retry: { afterMs: 3000 } });
      const { message, stack, context } = error as { message: string; stack: string; context: object };
      expect([message, stack, JSON.stringify(context)].join()).not.toContain('planted');
    },
  );

  test('an aborted status request ends with its reason', async () => {
    await start();
    await orderStatus({ kind: 'stall' });
    const controller = new AbortController();
    const reading = readExportStatus({ session: ehr.session, statusUrl, signal: controller.signal });
    await waitFor(async () => (await ehr.requests(/bulkstatus/)).length > 0);
    controller.abort(new Error('cancelled'));
    await expect(reading).rejects.toThrow('cancelled');
  });
});

describe('a delete request', () => {
  afterEach(() => ehr.stop());

  test('a delete request ends the export, and repeating it is not an error #done-signal', async () => {
    await start();
    await readComplete();
    await deleteExport({ session: ehr.session, statusUrl });
    await expect(read()).rejects.toMatchObject({ code: 'ehr-not-found' });
    await deleteExport({ session: ehr.session, statusUrl });
  });

  test('a delete request that is refused fails', async () => {
    await start();
    await ehr.inject({ method: 'DELETE' }, { kind: 'status', status: 405 }, { times: 'always' });
    await expect(deleteExport({ session: ehr.session, statusUrl })).rejects.toMatchObject({ status: 405 });
  });
});

describe('readManifest', () => {
  const transactionTime = '2024-01-01T00:00:00Z';
  const parse = (value: unknown) =>
    readManifest(Readable.from([Buffer.from(JSON.stringify(value))]), 'https://ehr.example/fhir/r4/bulkstatus/1');
  let manifest: Awaited<ReturnType<typeof readManifest>>;
  beforeEach(() => {
    manifest = {
      transactionTime,
      requiresAccessToken: true,
      entries: [],
      unreadableEntries: 0,
      statedErrors: [],
      hasDeletedList: false,
    };
  });

  test('readManifest reads the needed properties in any order', async () => {
    expect(
      await parse({
        error: [{ url: '/errors/1' }],
        extension: { deep: [{ output: [1] }] },
        requiresAccessToken: false,
        deleted: [{ type: 'Bundle', url: 'deleted/1', count: 2 }],
        output: [],
        transactionTime,
      }),
    ).toEqual({
      ...manifest,
      hasDeletedList: true,
      requiresAccessToken: false,
      entries: [
        { section: 'deleted', type: 'Bundle', url: 'https://ehr.example/fhir/r4/bulkstatus/deleted/1', count: 2 },
        { section: 'error', type: 'OperationOutcome', url: 'https://ehr.example/errors/1' },
      ],
    });
  });

  test('readManifest keeps the words of OperationOutcomes that are in `error` in place of links', async () => {
    const outcome = {
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', code: 'processing', diagnostics: 'Observation could not be exported' }],
    };
    expect(await parse({ transactionTime, output: [], error: [outcome, { url: '/errors/1' }] })).toEqual({
      ...manifest,
      entries: [{ section: 'error', type: 'OperationOutcome', url: 'https://ehr.example/errors/1' }],
      unreadableEntries: 1,
      statedErrors: ['error processing: Observation could not be exported'],
    });
    const { statedErrors } = await parse({ transactionTime, output: [], error: Array(50).fill(outcome) });
    expect(statedErrors).toHaveLength(10);
  });

  test('readManifest reads a transactionTime in a leap second as the end of its minute', async () => {
    expect(await parse({ transactionTime: '2016-12-31T23:59:60Z', output: [] })).toEqual({
      ...manifest,
      transactionTime: '2016-12-31T23:59:59.999Z',
    });
  });

  // Carbon and DateTime of PHP, by json_encode: https://www.php.net/manual/en/class.datetime.php
  test.each([
    { type: 3, timezone: 'UTC', time: '2026-12-01T10:00:00.123456Z' },
    { type: 1, timezone: '-05:00', time: '2026-12-01T15:00:00.123456Z' },
    { type: 3, timezone: 'America/New_York', time: '2026-12-01T15:00:00.123456Z' },
  ])('readManifest reads a transactionTime that is a DateTime of PHP with the time zone $timezone', async (given) => {
    const { type, timezone, time } = given;
    const php = { date: '2026-12-01 10:00:00.123456', timezone_type: type, timezone };
    expect(await parse({ transactionTime: php, output: [] })).toEqual({ ...manifest, transactionTime: time });
  });

  test.each([
    { date: '2026-12-01 10:00:00', timezone: 'EST5' },
    { date: 'yesterday', timezone: 'UTC' },
    { date: '2026-12-01 10:00:00'.padEnd(100_000, '0'), timezone: 'UTC' },
    { date: '2026-12-01 10:00:00' },
    {},
  ])('readManifest refuses a transactionTime that names no instant', async (php) => {
    await expect(parse({ transactionTime: php, output: [] })).rejects.toMatchObject({
      code: 'manifest-not-understood',
    });
  });

  // An empty slice of Go and an empty result of PHP are null in JSON.
  test('readManifest reads an output that is null as an empty one', async () => {
    expect(await parse({ transactionTime, output: null })).toEqual(manifest);
  });

  test("readManifest reads STU4's outcome as error #partial-success", async () => {
    expect((await parse({ transactionTime, output: [], outcome: [{ url: '/1' }] })).entries).toEqual([
      { section: 'error', type: 'OperationOutcome', url: 'https://ehr.example/1' },
    ]);
  });

  test('readManifest reads a manifest that is a Parameters resource', async () => {
    const part = (name: string, value: object) => ({ name, ...value });
    const file = (name: string, type: string, url: string) => ({
      name,
      part: [part('type', { valueCode: type }), part('url', { valueUri: url }), part('count', { valueInteger: 2 })],
    });
    const parameter = [
      part('transactionTime', { valueInstant: transactionTime }),
      part('requiresAccessToken', { valueBoolean: false }),
      file('output', 'Patient', '/files/1'),
      file('output', 'Goal', '/files/2'),
      file('deleted', 'Bundle', '/deleted/1'),
      null,
      { name: '__proto__', part: [part('url', { valueUri: '/x' })] },
      { name: 'link', part: [part('relation', { valueCode: 'next' }), part('url', { valueUri: '/next' })] },
    ];
    const url = (path: string) => `https://ehr.example${path}`;
    expect(await parse({ resourceType: 'Parameters', parameter })).toEqual({
      ...manifest,
      requiresAccessToken: false,
      hasDeletedList: true,
      entries: [
        { section: 'output', type: 'Patient', url: url('/files/1'), count: 2 },
        { section: 'output', type: 'Goal', url: url('/files/2'), count: 2 },
        { section: 'deleted', type: 'Bundle', url: url('/deleted/1'), count: 2 },
      ],
      nextUrl: url('/next'),
    });
    await expect(parse({ resourceType: 'Parameters', parameter: [] })).rejects.toMatchObject({
      code: 'manifest-not-understood',
    });
  });

  test.each([{ url: '/next' }, { url: undefined }, { url: 'http://' }])(
    'readManifest reads the URL $url of the next page',
    async ({ url }) => {
      const read = parse({
        transactionTime,
        output: [],
        link: [null, { relation: 'self' }, { relation: 'next', url }],
      });
      if (url === '/next') expect((await read).nextUrl).toBe('https://ehr.example/next');
      else await expect(read).rejects.toMatchObject({ code: 'manifest-not-understood' });
    },
  );

  test('readManifest counts elements that it cannot use', async () => {
    const output = [null, 'x', {}, { url: 7 }, { url: 'http://' }, { url: '/ok', count: -1, type: '' }];
    expect(await parse({ transactionTime, output, deleted: null })).toEqual({
      ...manifest,
      unreadableEntries: 5,
      entries: [{ section: 'output', type: 'Resource', url: 'https://ehr.example/ok' }],
    });
  });

  test('readManifest reads a manifest of 20,000 files #large-manifest', async () => {
    const output = Array.from({ length: 20_000 }, (_, index) => ({
      type: 'Patient',
      url: `/files/${index}`,
      count: 1,
    }));
    expect((await parse({ transactionTime, output })).entries).toHaveLength(20_000);
  });
});
