import { createEhrClient, readExportStatus } from '@bulkhead/ehr';
import { unlimitedAthenahealth } from '@bulkhead/ehr/providers/testing';
import { withMethods } from '@bulkhead/store/testing';
import { anyPhase, waitFor } from '@bulkhead/testing';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { pollExport } from '../poll/poll-export.job.ts';
import { makeBulkExport } from '../testing/make-records.ts';
import { startUseCases } from '../testing/start-use-cases.ts';

const cases = await startUseCases();
afterAll(() => cases.stop());
beforeEach(async () => {
  await cases.control.cancelOrders();
  cases.clock.now = new Date();
});

const status = { path: '/bulkstatus/', method: 'GET' };
const [seconds, minutes, hours] = [1000, 60_000, 3_600_000];
const httpDate = (fromNowMs: number) => new Date(Date.now() + fromNowMs).toUTCString();
const outcome = (code: string, diagnostics = code) => ({
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'error', code, diagnostics }],
});

async function pollOnce(exportId: string, afterMs = 31 * seconds) {
  cases.clock.now = new Date(cases.clock.now.getTime() + afterMs);
  await pollExport(cases.deps, { exportId, signal: AbortSignal.timeout(20_000) });
  const record = await cases.read(exportId);
  return { record, waitMs: (record.notBefore?.getTime() ?? 0) - cases.clock.now.getTime() };
}

/** Polls until the export leaves the phase `exporting`. The server needs some time for its snapshot. */
const pollToEnd = (exportId: string) =>
  waitFor(async () => {
    const { record } = await pollOnce(exportId);
    return record.phase === 'exporting' ? undefined : record;
  });

/** Injects a status response and polls it. */
async function pollAnswer(answer: object) {
  const exportId = await cases.exporting();
  await cases.inject(status, { kind: 'status', ...answer });
  return pollOnce(exportId);
}

/** Waits until the server has a whole manifest, of which it can send a part. */
const fetchManifest = async (exportId: string) => {
  const { statusUrl = '' } = await cases.read(exportId);
  const session = cases.deps.ehr.session(cases.connection);
  await waitFor(async () => (await readExportStatus({ session, statusUrl })).kind === 'complete');
};

const statusRequests = async () =>
  (await cases.control.requests(/\/bulkstatus\//)).filter(({ method }) => method === 'GET').length;

test.each([
  { what: 'seconds', retryAfter: '120', min: 2 * minutes, max: 2 * minutes },
  { what: 'an HTTP-date', retryAfter: httpDate(5 * minutes), min: 4 * minutes, max: 5 * minutes },
  { what: 'less than the poll interval', retryAfter: '5', min: 30 * seconds, max: 30 * seconds },
  { what: 'nothing', retryAfter: undefined, min: 30 * seconds, max: 30 * seconds },
  { what: 'a word', retryAfter: 'soon', min: 30 * seconds, max: 30 * seconds },
  { what: 'a negative number', retryAfter: '-1', min: 30 * seconds, max: 30 * seconds },
  { what: 'a date in the past', retryAfter: httpDate(-1 * hours), min: 30 * seconds, max: 30 * seconds },
  { what: 'an epoch timestamp of the past', retryAfter: '1700000000', min: 30 * seconds, max: 30 * seconds },
  { what: 'five hours', retryAfter: '18000', min: 10 * minutes, max: 10 * minutes },
  { what: 'an epoch timestamp far ahead', retryAfter: '4102444800', min: 10 * minutes, max: 10 * minutes },
])(
  'a Retry-After of $what delays the next status request by $min ms #retry-after',
  async ({ retryAfter, min, max }) => {
    const { record, waitMs } = await pollAnswer({ status: 202, retryAfter });
    expect(record).toMatchObject({ phase: 'exporting', pollErrors: 0, pollCount: 1 });
    expect(waitMs).toBeGreaterThanOrEqual(min);
    expect(waitMs).toBeLessThanOrEqual(max);
  },
);

test('a status request is not sent before its time #retry-after', async () => {
  const exportId = await cases.exporting();
  const before = await statusRequests();
  await cases.inject(status, { kind: 'status', status: 202, retryAfter: '300' });
  await pollOnce(exportId);
  await pollOnce(exportId, 299 * seconds);
  expect(await statusRequests()).toBe(before + 1);
  expect((await pollOnce(exportId, 2 * seconds)).record.pollCount).toBeGreaterThanOrEqual(1);
  expect(await statusRequests()).toBe(before + 2);
});

test('status requests become rarer with the age of an export, and rarer still if earlier exports took longer', async () => {
  const { store } = cases.deps;
  const { record: first, waitMs: atTwoHours } = await (async () => {
    const exportId = await cases.exporting({ request: { exportType: 'Patient', resourceTypes: ['Condition'] } });
    await cases.inject(status, { kind: 'status', status: 202 });
    return pollOnce(exportId, 2 * hours);
  })();
  expect(first.pollReason).toBe('age');
  expect(atTwoHours).toBeGreaterThan(3.9 * minutes);
  const kickedOffAt = cases.clock.now;
  const readyAt = new Date(kickedOffAt.getTime() + 6 * hours);
  const request = { exportType: 'Patient', resourceTypes: ['Condition'] } as const;
  await store.bulkExports.insert({
    record: makeBulkExport({ ...first, id: 'job_earlier', phase: 'completed', request, kickedOffAt, readyAt }),
    requestKey: 'earlier',
  });
  await cases.inject(status, { kind: 'status', status: 202 });
  const { record, waitMs } = await pollOnce(first.id, 10 * minutes);
  expect(record.pollReason).toBe('usual');
  expect(waitMs).toBe(10 * minutes);
  const changes = { ...record, request: { ...request, since: '2024-01-01T00:00:00Z' } };
  expect(await store.bulkExports.earlierExports(changes)).toBeUndefined();
});

test.each([
  { what: '429 with Retry-After', answer: { status: 429, retryAfter: '240' }, min: 4 * minutes, isWait: true },
  { what: '429 without', answer: { status: 429 }, min: 1 * minutes, isWait: true },
  { what: '502 in HTML', answer: { status: 502, body: '<html>', contentType: 'text/html' }, min: 1 * minutes },
  { what: '503 with Retry-After', answer: { status: 503, retryAfter: '180' }, min: 3 * minutes, isWait: true },
  { what: '504 without a body', answer: { status: 504, body: '' }, min: 1 * minutes },
  { what: '500 in plain text', answer: { status: 500, body: 'oops', contentType: 'text/plain' }, min: 1 * minutes },
  { what: '500 that is transient', answer: { status: 500, body: outcome('transient') }, min: 1 * minutes },
  { what: '400 that is transient', answer: { status: 400, body: outcome('transient') }, min: 1 * minutes },
  { what: '200 in HTML', answer: { status: 200, body: '<html>', contentType: 'text/html' }, min: 1 * minutes },
])(
  'a status request is repeated later after $what #transient-errors #error-bodies',
  async ({ answer, min, isWait = false }) => {
    const { record, waitMs } = await pollAnswer(answer);
    const state = isWait ? 'waiting' : 'retrying';
    expect(record).toMatchObject({ phase: 'exporting', pollErrors: isWait ? 0 : 1, retrying: { state, attempts: 1 } });
    expect(waitMs).toBeGreaterThanOrEqual(min);
  },
);

test.each([
  { what: 'with 503', answer: { status: 503, body: '' }, code: 'ehr-unavailable', message: 'status page' },
  {
    what: 'with the web page of a gateway',
    answer: { status: 200, body: '\n<!DOCTYPE html>', contentType: 'text/html' },
    code: 'manifest-not-understood',
    message: 'it is a web page',
  },
])('status requests that always fail $what end the export within its error budget #error-budget', async (fault) => {
  const exportId = await cases.exporting();
  await cases.inject(status, { kind: 'status', ...fault.answer }, { times: 'always' });
  let polls = 0;
  for (let phase = 'exporting'; phase === 'exporting' && polls < 30; polls++) {
    ({ phase } = (await pollOnce(exportId, 11 * minutes)).record);
  }
  expect(polls).toBe(16);
  const { phase, error } = await cases.read(exportId);
  expect([phase, error]).toEqual(['failed', { code: fault.code, message: expect.stringContaining(fault.message) }]);
});

test('a status request that succeeds starts a new error budget #error-budget', async () => {
  const exportId = await cases.exporting();
  await cases.inject(status, { kind: 'status', status: 503 }, { times: 2 });
  await cases.inject(status, { kind: 'status', status: 202 }, { times: 1, after: 2 });
  await pollOnce(exportId);
  expect((await pollOnce(exportId, 11 * minutes)).record.pollErrors).toBe(2);
  expect((await pollOnce(exportId, 11 * minutes)).record.pollErrors).toBe(0);
});

test.each([
  { what: '410', answer: { status: 410 }, code: 'export-gone', remedy: 'Retry' },
  {
    what: '500 with an OperationOutcome',
    answer: { status: 500, body: outcome('exception') },
    code: 'export-failed-at-ehr',
    remedy: 'Retry',
  },
  { what: '400', answer: { status: 400, body: outcome('invalid') }, code: 'export-failed-at-ehr', remedy: 'Retry' },
  { what: '403', answer: { status: 403 }, code: 'ehr-forbidden', remedy: 'Verify' },
])(
  'a status response of $what fails the export with a cause and what to do #status-terminal #error-message',
  async ({ answer, code, remedy }) => {
    const { record } = await pollAnswer(answer);
    expect(record.phase).toBe('failed');
    expect(record.error).toMatchObject({ code, message: expect.stringContaining(remedy) });
  },
);

// Both headers are required there: https://docs.oracle.com/en/industries/health/soarian-clinicals-apis/sfbda/op-export-statusrequest-get.html
test.each([
  { what: '406', answer: { status: 406 } },
  { what: '415', answer: { status: 415 } },
  { what: '400 about a header', answer: { status: 400, body: outcome('required', 'Prefer is required') } },
])('a status response of $what is about the request, so the export at the EHR is not deleted', async ({ answer }) => {
  const exportId = await cases.exporting();
  await cases.inject(status, { kind: 'status', ...answer }, { times: 'always' });
  const { record } = await pollOnce(exportId);
  expect(record).toMatchObject({ phase: 'failed', error: { code: 'ehr-rejected' } });
  expect(record).not.toHaveProperty('discard');
});

test('a poll waits for the daily budget as often as needed, and the export shows it #waits', async () => {
  const exportId = await cases.exporting();
  await cases.inject(status, { kind: 'status', status: 202 }, { times: 'always' });
  const rateLimit = { limit: 1, windowMs: 10, guardMs: 1000, perDay: 1, coldStart: 'go' } as const;
  const provider = { ...unlimitedAthenahealth(cases.simulator.fhirEndpoint), rateLimit };
  const { redis, prefix } = cases;
  const { accessTokens: tokenStore, signingKeys } = cases.deps.store;
  const registry = { get: () => provider, list: () => [provider] };
  const ehr = createEhrClient({ registry, redis, prefix, tokenStore, signingKeys });
  try {
    const before = await statusRequests();
    // More often than status requests may fail in a row.
    for (let polls = 0; polls < 20; polls++) {
      cases.clock.now = new Date(cases.clock.now.getTime() + 11 * minutes);
      await pollExport({ ...cases.deps, ehr }, { exportId, signal: AbortSignal.timeout(20_000) });
    }
    expect(await cases.read(exportId)).toMatchObject({
      phase: 'exporting',
      pollErrors: 0,
      retrying: { state: 'waiting', code: 'daily-budget-used', attempts: 19, nextAttemptAt: expect.any(Date) },
    });
    expect(await statusRequests()).toBe(before + 1);
  } finally {
    ehr.close();
  }
});

test.each([{ as: '202' }, { as: 'x-export-status' }])(
  'a partial manifest by $as is not accepted as the end #partial-manifest',
  async ({ as }) => {
    const exportId = await cases.exporting({ request: { exportType: 'Patient', resourceTypes: [] } });
    await fetchManifest(exportId);
    await cases.inject(status, { kind: 'partial-manifest', as, files: 1 });
    expect((await pollOnce(exportId)).record).toMatchObject({ phase: 'exporting' });
    expect(await cases.deps.store.outputFiles.listByExport(exportId)).toEqual([]);
    expect((await pollToEnd(exportId)).phase).toBe('downloading');
    expect((await cases.deps.store.outputFiles.listByExport(exportId)).length).toBeGreaterThan(5);
  },
);

test('a manifest in pages is read to its last page #manifest-paging', async () => {
  const exportId = await cases.exporting({ request: { exportType: 'Patient', resourceTypes: [] } });
  await cases.inject(status, { kind: 'paged-manifest', pageSize: 2 }, { times: 'always' });
  expect((await pollToEnd(exportId)).phase).toBe('downloading');
  expect((await cases.deps.store.outputFiles.listByExport(exportId)).length).toBeGreaterThan(5);
});

test('an export that lasts over an hour has a warning and continues #stuck', async () => {
  const exportId = await cases.exporting();
  await cases.inject(status, { kind: 'status', status: 202 }, { times: 'always' });
  expect((await pollOnce(exportId, 59 * minutes)).record.warnings).toEqual([]);
  const { record } = await pollOnce(exportId, 11 * minutes);
  expect(record).toMatchObject({ phase: 'exporting', warnings: [{ code: 'export-slow' }] });
  expect((await pollOnce(exportId, 11 * minutes)).record.warnings).toHaveLength(1);
});

test('an export that lasts over 48 hours fails with advice, and is deleted at the server #stuck #error-message', async () => {
  const exportId = await cases.exporting();
  const { record } = await pollOnce(exportId, 49 * hours);
  expect(record).toMatchObject({ phase: 'failed', discard: 'due', error: { code: 'export-timeout' } });
  expect(record.error?.message).toContain('fewer types');
});

test('one status request is sent if two workers poll at the same time #two-workers', async () => {
  const exportId = await cases.exporting();
  await cases.inject(status, { kind: 'latency', ms: 300 });
  const before = await statusRequests();
  cases.clock.now = new Date(cases.clock.now.getTime() + 31 * seconds);
  const poll = () => pollExport(cases.deps, { exportId, signal: AbortSignal.timeout(20_000) });
  await Promise.all([poll(), poll()]);
  expect(await statusRequests()).toBe(before + 1);
});

test.each([
  { what: 'whose manifest was accepted', phases: ['downloading'] as const },
  // The EHR does not have the first export, but the second one.
  { what: 'that was retried', phases: ['failed', 'queued', 'kicking-off', 'exporting'] as const },
])('a late 404 of a status request does not fail an export $what meanwhile', async ({ phases }) => {
  const exportId = await cases.exporting();
  const { store } = cases.deps;
  await cases.inject(status, { kind: 'status', status: 404 });
  const connections = withMethods(store.connections, {
    // Other workers continue while this one prepares its request.
    async findWithSecrets(id) {
      for (const to of phases) {
        const from = await cases.read(exportId);
        const { now } = cases.clock;
        if (to === 'queued') await store.bulkExports.reopen({ record: from, resumption: { from: 'failed', to }, now });
        else await store.bulkExports.transition({ from: anyPhase(from), to });
      }
      return store.connections.findWithSecrets(id);
    },
  });
  cases.clock.now = new Date(cases.clock.now.getTime() + 31 * seconds);
  const deps = { ...cases.deps, store: { ...store, connections } };
  const before = await statusRequests();
  await pollExport(deps, { exportId, signal: AbortSignal.timeout(20_000) });
  expect(await statusRequests()).toBe(before + 1);
  expect((await cases.read(exportId)).phase).toBe(phases.at(-1));
});

test('a provider says how often status requests are sent, and how long a Retry-After counts #retry-after', async () => {
  await using own = await startUseCases({ provider: { poll: { minSeconds: 60, maxSeconds: 1800 } } });
  const exportId = await own.exporting();
  const waitOf = async () => ((await own.read(exportId)).notBefore?.getTime() ?? 0) - own.clock.now.getTime();
  expect(await waitOf()).toBe(minutes);
  for (const [retryAfter, waitMs] of [
    ['5', minutes],
    ['1200', 20 * minutes],
    ['18000', 30 * minutes],
  ] as const) {
    await own.inject(status, { kind: 'status', status: 202, retryAfter });
    await own.pollOnce(exportId);
    expect([retryAfter, await waitOf()]).toEqual([retryAfter, waitMs]);
  }
  await own.inject(status, { kind: 'status', status: 503 });
  await own.pollOnce(exportId);
  expect(await waitOf()).toBe(2 * minutes);
});

test('an outage of MongoDB before a status request is not an error of that request', async () => {
  const exportId = await cases.exporting();
  const { store } = cases.deps;
  const outage = Object.assign(new Error('closed'), { name: 'MongoNetworkError' });
  const connections = withMethods(store.connections, { findWithSecrets: () => Promise.reject(outage) });
  cases.clock.now = new Date(cases.clock.now.getTime() + 31 * seconds);
  const deps = { ...cases.deps, store: { ...store, connections } };
  const signal = AbortSignal.timeout(20_000);
  await expect(pollExport(deps, { exportId, signal })).rejects.toBe(outage);
  expect(await cases.read(exportId)).toMatchObject({ phase: 'exporting', pollErrors: 0 });
});
