import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { EhrSimulatorOptions } from '@bulkhead/ehr-simulator';
import { afterEach, expect, test } from '@jest/globals';
import { fileAnswer, resourceAnswer } from '../answers/answer-rules.ts';
import { openFile } from '../bulk-data/open-file.ts';
import type { SessionRequest } from '../ehr-session.ts';
import { resourceRequest, startEhr, type TestEhr } from '../testing/start-ehr.ts';

let ehr: TestEhr;
afterEach(() => ehr.stop());

async function start(simulator: EhrSimulatorOptions = {}): Promise<void> {
  ehr = await startEhr({ simulator });
}

const metadata = (change: Partial<SessionRequest> = {}) =>
  resourceRequest(`${ehr.simulator.fhirEndpoint}/metadata`, { priority: 'interactive', ...change });

test.each([302, 303, 307])('a redirect with %d to the same origin is followed with the token', async (status) => {
  await start();
  const to = '/fhir/r4/.well-known/smart-configuration';
  await ehr.inject('metadata', { kind: 'redirect', status, to });
  const response = await ehr.session.send(metadata());
  expect(response).toMatchObject({ status: 200, url: ehr.simulator.baseUrl + to });
  const [, discovery] = await ehr.requests(/smart-configuration/);
  expect(discovery?.headers.authorization).toBeDefined();
});

test('a redirect to another origin is followed without the token #redirect-token', async () => {
  await start({ separateFileHost: true });
  const { entries } = await ehr.export();
  const url = new URL(entries[0]?.url ?? '');
  // A URL at the FHIR host, which redirects to the file host.
  const atHome = new URL(url.pathname + url.search, ehr.simulator.baseUrl).href;
  await ehr.inject('bulkdata', { kind: 'redirect' });
  const file = await openFile({ session: ehr.session, url: atHome, requiresAccessToken: true });
  expect((await buffer(file.body)).length).toBeGreaterThan(1000);
  const [first, second] = await ehr.requests(/bulkdata/);
  expect([first?.headers.authorization !== undefined, second?.headers.authorization]).toEqual([true, undefined]);
  expect((await ehr.violations()).byKind).toMatchObject({ token: 0 });
});

test.each([{ answer: resourceAnswer }, { answer: fileAnswer }])(
  'a redirect in a circle fails with ehr-redirects ($answer.name)',
  async ({ answer }) => {
    await start();
    const fault = { kind: 'redirect', to: '/fhir/r4/metadata' };
    await ehr.inject('metadata', fault, { times: 'always' });
    await expect(ehr.session.send(metadata({ answer }))).rejects.toMatchObject({
      code: 'ehr-redirects',
      retry: 'never',
    });
    expect((await ehr.requests(/metadata/)).length).toBeLessThanOrEqual(6);
  },
);

test.each([
  { what: 'an invalid URL', to: 'http://' },
  { what: 'another protocol', to: 'file:///etc/passwd' },
])('a redirect to $what fails with ehr-redirects', async ({ to }) => {
  await start();
  await ehr.inject('metadata', { kind: 'redirect', to });
  await expect(ehr.session.send(metadata())).rejects.toMatchObject({ code: 'ehr-redirects', retry: 'never' });
});

test('a request that would send the token to a foreign host is not sent', async () => {
  await start();
  const url = 'http://127.0.0.1:1/fhir/r4/metadata';
  await expect(ehr.session.send(metadata({ url }))).rejects.toMatchObject({
    code: 'origin-not-allowed',
    retry: 'never',
    context: { host: '127.0.0.1:1' },
  });
});

test('a request to a closed port throws ehr-unreachable and can be retried later', async () => {
  await start();
  const request = metadata({ url: 'http://127.0.0.1:1/metadata', sendToken: false });
  await expect(ehr.session.send(request)).rejects.toMatchObject({ code: 'ehr-unreachable', retry: 'later' });
});

test('a request is retried after a 5xx and without an answer, up to its number of retries', async () => {
  await start();
  await ehr.inject('metadata', { kind: 'status', status: 503 }, { times: 2 });
  await expect(ehr.session.send(metadata({ retries: 1 }))).rejects.toMatchObject({ status: 503 });
  await ehr.inject('metadata', { kind: 'reset' });
  expect((await ehr.session.send(metadata({ retries: 1 }))).status).toBe(200);
  expect(await ehr.requests(/metadata/)).toHaveLength(4);
});

test('a request is not retried after a 429', async () => {
  await start();
  await ehr.inject('metadata', { kind: 'status', status: 429, retryAfter: '9' });
  await expect(ehr.session.send(metadata({ retries: 2 }))).rejects.toMatchObject({ retry: { afterMs: 9000 } });
  expect(await ehr.requests(/metadata/)).toHaveLength(1);
});

test('a request fails with the wait if the EHR asks to wait for an hour', async () => {
  await start();
  const fault = { kind: 'status', status: 503, retryAfter: '3600' };
  await ehr.inject('metadata', fault, { times: 'always' });
  await expect(ehr.session.send(metadata({ retries: 2 }))).rejects.toMatchObject({ retry: { afterMs: 3_600_000 } });
});

test('a request that is aborted, even between two attempts, ends with its reason', async () => {
  await start();
  await ehr.inject('metadata', { kind: 'status', status: 500 }, { times: 'always' });
  const signal = AbortSignal.timeout(50);
  await expect(ehr.session.send(metadata({ retries: 50, signal }))).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('a request decodes a compressed stream', async () => {
  await start();
  const { entries } = await ehr.export();
  const { data } = await ehr.session.send(
    metadata({
      url: entries[0]?.url ?? '',
      answer: fileAnswer,
      headers: { accept: 'application/fhir+ndjson', 'accept-encoding': 'gzip' },
    }),
  );
  expect((await buffer(data as Readable)).toString()).toMatch(/^{"resourceType"/);
});

test('a 429 pauses all connections that share the budget', async () => {
  const rateLimit = { limit: 16, windowMs: 50, perDay: 1000, guardMs: 5 };
  ehr = await startEhr({ provider: { rateLimit } });
  await ehr.session.send(metadata());
  await ehr.inject('metadata', { kind: 'status', status: 429, retryAfter: '1' });
  await expect(ehr.session.send(metadata())).rejects.toMatchObject({ status: 429 });
  const startedAt = performance.now();
  await ehr.sessionOf({ id: 'conn_2' }).send(metadata({ sendToken: false }));
  expect(performance.now() - startedAt).toBeGreaterThan(950);
});

test('a 429 pauses all connections of a provider without a rate limit', async () => {
  await start();
  await ehr.session.send(metadata());
  await ehr.inject('metadata', { kind: 'status', status: 429, retryAfter: '30' });
  await expect(ehr.session.send(metadata())).rejects.toMatchObject({ status: 429 });
  const [use] = await ehr.client.readBudgetUse();
  expect(use?.pausedMs).toBeGreaterThan(20_000);
  const pausedRequest = ehr
    .sessionOf({ id: 'conn_2' })
    .send(metadata({ sendToken: false, signal: AbortSignal.timeout(300) }));
  await expect(pausedRequest).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('an answer without remaining requests pauses all connections until the reset, unless the log covers that window', async () => {
  const rateLimit = { limit: 16, windowMs: 2000, perDay: 1000, guardMs: 5, coldStart: 'go' } as const;
  ehr = await startEhr({ provider: { rateLimit } });
  const answerWith = async (reset: string) => {
    const set = { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': reset };
    await ehr.inject('metadata', { kind: 'headers', set });
    await ehr.session.send(metadata());
    const [use] = await ehr.client.readBudgetUse();
    return use?.pausedMs ?? 0;
  };
  expect(await answerWith('2')).toBe(0);
  expect(await answerWith('40')).toBeGreaterThan(30_000);
});

test('a request that opened a connection counts from its answer, because it may have been sent long after its slot', async () => {
  const rateLimit = { limit: 1, windowMs: 200, perDay: 1000, guardMs: 20, coldStart: 'go' } as const;
  ehr = await startEhr({ provider: { rateLimit } });
  await ehr.inject('metadata', { kind: 'latency', ms: 500 });
  await ehr.session.send(metadata({ sendToken: false }));
  await ehr.session.send(metadata({ sendToken: false }));
  const [first, second] = await ehr.requests(/metadata/);
  expect((second?.arrivedAtMs ?? 0) - (first?.arrivedAtMs ?? 0)).toBeGreaterThanOrEqual(690);
});
