import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { waitFor } from '@bulkhead/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { fileAnswer } from '../answers/answer-rules.ts';
import type { SessionRequest } from '../ehr-session.ts';
import { resourceRequest, startEhr, type TestEhr } from '../testing/start-ehr.ts';
import type { EhrObserver } from './ehr-observer.ts';

const rateLimit = { limit: 16, windowMs: 50, perDay: 1000, guardMs: 5 };

let ehr: TestEhr;
let events: { readonly [Name in keyof EhrObserver]: Parameters<EhrObserver[Name]>[0][] };
beforeEach(async () => {
  events = { requestEnded: [], bytesReceived: [], limiterWaited: [], limiterPaused: [], tokenRequested: [] };
  const observer = Object.fromEntries(
    Object.entries(events).map(([name, list]) => [name, (event: never) => list.push(event)]),
  ) as unknown as EhrObserver;
  ehr = await startEhr({ provider: { rateLimit }, observer });
});
afterEach(() => ehr.stop());

const metadata = (change: Partial<SessionRequest> = {}) =>
  resourceRequest(`${ehr.simulator.fhirEndpoint}/metadata`, { priority: 'poll', sendToken: false, ...change });
const statuses = () => events.requestEnded.map(({ kind, status }) => [kind, status]);

test('the observer is notified of each attempt of a request with its priority and result', async () => {
  await ehr.inject('metadata', { kind: 'status', status: 500 });
  await ehr.session.send(metadata({ retries: 1 }));
  await ehr.inject('metadata', { kind: 'reset' });
  await ehr.session.send(metadata({ retries: 1 }));
  expect(statuses()).toEqual([
    ['poll', 500],
    ['poll', 200],
    ['poll', undefined],
    ['poll', 200],
  ]);
  const { host } = new URL(ehr.simulator.baseUrl);
  const request = { provider: 'simulated', kind: 'poll', method: 'GET', host };
  const times = { durationMs: expect.any(Number), waitMs: expect.any(Number) };
  expect(events.requestEnded[0]).toMatchObject({ ...request, ...times, status: 500 });
  expect(events.requestEnded[2]).toEqual({ ...request, ...times, status: undefined, code: 'ECONNRESET' });
  expect(events.limiterWaited).toHaveLength(4);
  expect(events.limiterWaited[0]).toEqual({ kind: 'poll', waitMs: expect.any(Number) });
});

test('the observer is notified of an aborted request, but not of one that was never sent', async () => {
  await ehr.inject('metadata', { kind: 'latency', ms: 60_000 });
  const controller = new AbortController();
  const answer = ehr.session.send(metadata({ signal: controller.signal, onSend: () => controller.abort() }));
  await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
  await expect(ehr.session.send(metadata({ signal: AbortSignal.abort() }))).rejects.toThrow();
  expect(statuses().every(([, status]) => status === 'cancelled')).toBe(true);
});

test('the observer is notified of the received bytes of an answer, and of a file when it has ended', async () => {
  const bytes = () => events.bytesReceived.reduce((sum, event) => sum + event.bytes, 0);
  const { entries } = await ehr.export();
  const before = bytes();
  expect(before).toBeGreaterThan(1000);
  const { data } = await ehr.session.send(
    metadata({
      url: entries[0]?.url ?? '',
      headers: { 'accept-encoding': 'identity' },
      answer: fileAnswer,
      priority: 'download',
      sendToken: true,
    }),
  );
  const file = await buffer(data as Readable);
  await waitFor(() => bytes() >= before + file.length);
  // The bytes include the headers.
  expect(bytes()).toBeLessThan(before + file.length + 4000);
  expect(events.bytesReceived.at(-1)).toMatchObject({ provider: 'simulated', kind: 'download' });
});

test('the observer is notified of renewed and refused tokens', async () => {
  await ehr.session.send(metadata({ sendToken: true }));
  const auth = {
    method: 'client_credentials',
    clientId: 'simulator-client',
    clientSecret: 'wrong',
    scope: 'x',
  } as const;
  const otherSession = ehr.sessionOf({ id: 'conn_2', auth });
  await expect(otherSession.send(metadata({ sendToken: true }))).rejects.toMatchObject({ code: 'token-refused' });
  expect(events.tokenRequested).toEqual([
    { provider: 'simulated', outcome: 'renewed' },
    { provider: 'simulated', outcome: 'refused' },
  ]);
  expect(statuses().filter(([kind]) => kind === 'token')).toEqual([
    ['token', 200],
    ['token', 401],
  ]);
});

test('the observer is notified of a pause with the name of the budget, which contains no client id', async () => {
  await ehr.session.send(metadata());
  await ehr.inject('metadata', { kind: 'status', status: 429, retryAfter: '9' });
  await expect(ehr.session.send(metadata())).rejects.toMatchObject({ status: 429 });
  expect(events.limiterPaused).toEqual([{ budget: 'simulated.test', status: 429 }]);
  const [use] = await ehr.client.readBudgetUse();
  expect(use).toMatchObject({ name: 'simulated.test', dayRatio: expect.any(Number) });
  expect(use?.pausedMs).toBeGreaterThan(5000);
});

test('the observer is notified of the rate limit headers, including those of the token endpoint', async () => {
  const headers = { 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '7', 'x-ratelimit-reset': 'soon' };
  const fault = { kind: 'status', status: 503, retryAfter: '2', headers };
  for (const path of ['metadata', 'oauth2/v1/token']) await ehr.inject(path, fault);
  await expect(ehr.session.send(metadata())).rejects.toMatchObject({ status: 503 });
  await expect(ehr.readPatient({ id: 'conn_3' })).rejects.toMatchObject({ code: 'token-unavailable' });
  const limits = { status: 503, retryAfterSeconds: 2, rateLimitLimit: 100, rateLimitRemaining: 7 };
  const { host } = new URL(ehr.simulator.baseUrl);
  expect(events.requestEnded[0]).toMatchObject({ ...limits, kind: 'poll', method: 'GET' });
  expect(events.requestEnded.at(-1)).toMatchObject({ ...limits, kind: 'token', method: 'POST', host });
  expect(JSON.stringify(events)).not.toContain('soon');
});

test('the observer is never given a client id, a connection id, a path or a query', async () => {
  await ehr.export();
  const text = JSON.stringify(events);
  expect(text.length).toBeGreaterThan(500);
  for (const secret of ['simulator-client', 'conn_', 'http', '/'])
    expect([secret, text.includes(secret)]).toEqual([secret, false]);
});
