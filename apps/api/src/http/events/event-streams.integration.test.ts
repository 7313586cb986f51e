import { once } from 'node:events';
import { connect } from 'node:net';
import { type EventStreamLimits, eventStreamLimits, httpLimits } from '@bulkhead/http';
import { makeBulkExport } from '@bulkhead/imports/export/testing';
import { anyPhase, startTcpProxy, testServices, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { openEvents } from '../../testing/open-events.ts';
import { startApi } from '../../testing/start-api.ts';

const path = '/api/ehr/athenahealth/bulk-export/events';
/** Short limits, so that the tests are fast. */
const quick = { ...eventStreamLimits, everyMs: 20, restPerRead: 0 };

const start = (limits: Partial<EventStreamLimits> = {}, options: Parameters<typeof startApi>[0] = {}) =>
  startApi({ ...options, streamLimits: { ...quick, ...limits } });

test('an event stream has the right type, is never cached, and sends an event again only if it has changed', async () => {
  await using api = await start();
  const stream = await openEvents({ api, path });
  expect([stream.status, stream.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  expect(stream.headers.get('cache-control')).toBe('no-store');
  expect((await stream.next('exports')).data).toEqual([]);
  expect(stream.text).toMatch(/^retry: \d+\n\n/);
  const first = makeBulkExport();
  await api.store.bulkExports.insert({ record: first, requestKey: 'k1' });
  expect((await stream.next('exports')).data).toMatchObject([{ id: first.id, phase: 'queued' }]);
  await api.store.bulkExports.transition({ from: anyPhase(first), to: 'kicking-off' });
  expect((await stream.next('exports')).data).toMatchObject([{ id: first.id, phase: 'kicking-off' }]);
  expect(stream.events).toHaveLength(3);
  stream.leave();
  await stream.ended;
});

test('an event stream with heartbeats lasts longer than an idle connection', async () => {
  // Heartbeats are sent between reads, so the timeout is longer than a read takes on a busy machine.
  const idleTimeout = 1500;
  await using api = await start({ heartbeatMs: 50 }, { serverLimits: { ...httpLimits, idleTimeout } });
  const stream = await openEvents({ api, path });
  const openedAt = performance.now();
  const heartbeats = () => (stream.text.match(/^:$/gm) ?? []).length;
  await waitFor(() => heartbeats() >= 10 && performance.now() - openedAt > 2 * idleTimeout);
  await api.store.bulkExports.insert({ record: makeBulkExport(), requestKey: 'k1' });
  await stream.next('exports', ({ data }) => data.length === 1);
  stream.leave();
});

test('an event stream ends after its longest time, so that a revoked key loses it', async () => {
  await using api = await start({ longestMs: 100 });
  const key = await api.store.apiKeys.create({ name: 'gone', role: 'client', now: new Date() });
  const stream = await openEvents({ api, path, key });
  const id = (await api.store.apiKeys.list()).find(({ name }) => name === 'gone')?.id ?? '';
  await api.store.apiKeys.revoke({ id, now: new Date() });
  await stream.ended;
  expect(stream.events.map(({ name }) => name)).toEqual(['exports']);
  expect((await openEvents({ api, path, key })).status).toBe(401);
});

test('the event streams of a key are limited, and a client that leaves frees one', async () => {
  await using api = await start({ perKey: 2 });
  const streams = [await openEvents({ api, path }), await openEvents({ api, path })];
  const refused = await api.request('GET', path);
  expect([refused.status, refused.body.error.code, refused.headers.get('retry-after')]).toEqual([
    429,
    'too-many-requests',
    '5',
  ]);
  const otherStream = await openEvents({ api, path, key: api.clientKey });
  expect(otherStream.status).toBe(200);
  for (const stream of [...streams, otherStream]) stream.leave();
  const reopened = await waitFor(async () => {
    const stream = await openEvents({ api, path });
    return stream.status === 200 ? stream : undefined;
  });
  reopened.leave();
});

test('an event stream is not written to while its client does not read, and ends like an idle connection', async () => {
  // Long enough that another request is answered before, even on a busy machine.
  const serverLimits = { ...httpLimits, idleTimeout: 3000 };
  await using api = await start({ perKey: 1, heartbeatMs: 50 }, { serverLimits });
  const warnings = [{ code: 'types-missing' as const, message: 'x'.repeat(20_000) }];
  const change = async (requestKey: string) =>
    api.store.bulkExports.insert({ record: makeBulkExport({ warnings }), requestKey });
  for (let number = 0; number < 50; number++) await change(`k${number}`);
  const socket = connect(Number(new URL(api.baseUrl).port), '127.0.0.1');
  // The connection may be reset when it is closed.
  socket.on('error', () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.operatorKey}\r\n\r\n`);
  const [head] = await once(socket, 'data');
  socket.pause();
  expect(String(head)).toMatch(/^HTTP\/1\.1 200 /);
  expect((await api.request('GET', path)).status).toBe(429);
  let number = 50;
  await waitFor(async () => {
    await change(`k${number++}`);
    return (await api.request('GET', path)).status === 200;
  });
  socket.destroy();
});

test('an event stream ends when the API stops, and does not delay the stop', async () => {
  const api = await startApi({ streamLimits: { ...quick, everyMs: 60_000, longestRestMs: 60_000 } });
  const streams = await Promise.all([openEvents({ api, path }), openEvents({ api, path, key: api.clientKey })]);
  await Promise.all(streams.map((stream) => stream.next('exports')));
  await api.stop();
  await Promise.all(streams.map(({ ended }) => ended));
  expect(streams.map(({ events }) => events.length)).toEqual([1, 1]);
});

test('an event stream reports a problem while the database is unavailable, and ends', async () => {
  const services = testServices();
  await using proxy = await startTcpProxy(services.mongodbUri);
  await using api = await start({}, { services, env: { MONGODB_URI: proxy.url } });
  const stream = await openEvents({ api, path });
  await stream.next('exports');
  await proxy.close();
  expect((await stream.next('problem')).data).toEqual({ code: 'unavailable', message: expect.any(String) });
  await stream.ended;
  expect(stream.text).not.toContain('127.0.0.1');
});

test('an event stream is refused like any other request, and has no body for HEAD', async () => {
  await using api = await start();
  expect((await api.request('GET', path, { authorization: null })).status).toBe(401);
  expect((await api.request('GET', `${path}?connectionId=none`)).body.error.code).toBe('unknown-connection');
  const head = await api.request('HEAD', path);
  expect([head.status, head.text]).toEqual([200, '']);
});

test('the duration of an event stream is not in the metrics of requests', async () => {
  await using api = await start({ longestMs: 100 });
  await (await openEvents({ api, path })).ended;
  await api.request('GET', '/api/ehr/session');
  const { text } = await api.request('GET', '/metrics');
  expect(text).toContain('route="/api/ehr/session"');
  expect(text).not.toContain('/events"');
});
