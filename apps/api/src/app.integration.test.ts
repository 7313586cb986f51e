import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { createLogger } from '@bulkhead/base';
import { redisServer, startOwnServer, startTcpProxy, testServices, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { startApi } from './testing/start-api.ts';

const path = '/api/ehr/athenahealth/bulk-export';
const unavailable = { success: false, error: { code: 'unavailable', message: expect.any(String) } };

test('the API reports that it is alive and ready', async () => {
  await using api = await startApi();
  const health = await api.request('GET', '/health', { authorization: null });
  expect([health.status, health.body]).toEqual([
    200,
    {
      status: 'alive',
      version: expect.stringMatching(/^\d+[.]\d+[.]\d+$/),
      eventLoop: { stalls: 0, longestStallMs: 0 },
    },
  ]);
  const ready = await api.request('GET', '/ready', { authorization: null });
  expect([ready.status, ready.body]).toEqual([200, { ready: true, checks: { mongodb: 'up', redis: 'up' } }]);
});

test('the documentation of the API is served without a key, unless it is turned off', async () => {
  for (const [setting, expected] of [
    ['on', [200, 200]],
    ['off', [404, 404]],
  ] as const) {
    await using api = await startApi({ env: { API_DOCS: setting } });
    const paths = ['/openapi.json', '/docs'];
    const urls = paths.map((path) => `${api.baseUrl}${path}`);
    expect(await Promise.all(urls.map(async (url) => (await fetch(url)).status))).toEqual(expected);
  }
});

test('the API returns 503 with Retry-After while Redis is unavailable, starts nothing, and recovers automatically', async () => {
  await using redis = await startOwnServer(redisServer);
  const lines: string[] = [];
  const logger = createLogger({ name: 'test', level: 'warn', destination: { write: (line) => lines.push(line) } });
  await using api = await startApi({ env: { REDIS_URL: redis.url }, logger });
  const connectionId = await api.createConnection();
  await redis.kill();
  for (const resourceTypes of [['Patient'], ['Patient'], ['Condition']]) {
    const { status, headers, body } = await api.request('POST', path, { body: { connectionId, resourceTypes } });
    expect([status, body]).toEqual([503, unavailable]);
    expect(headers.get('retry-after')).toBe('5');
  }
  expect(await api.store.bulkExports.listActive()).toEqual([]);
  const capabilities = await api.request('GET', `/api/ehr/athenahealth/capabilities?connectionId=${connectionId}`);
  expect([capabilities.status, capabilities.headers.get('retry-after')]).toEqual([503, '5']);
  const ready = await api.request('GET', '/ready');
  expect([ready.status, ready.body]).toEqual([503, { ready: false, checks: { mongodb: 'up', redis: 'down' } }]);
  expect((await api.request('GET', '/health')).status).toBe(200);
  expect((await api.request('GET', '/api/ehr/connections')).status).toBe(200);

  // Each of the API's queues reports every failed attempt to connect, all at the same time. One line is that of `serve`.
  const outages = () => lines.filter((line) => line.includes('"redis connection failed'));
  await waitFor(async () => outages().length > 1);
  expect(outages()).toEqual(Array(2).fill(expect.stringContaining('"ECONNREFUSED"')));
  expect(JSON.parse(outages()[0] ?? '{}')).toMatchObject({
    host: new URL(redis.url).host,
    msg: expect.stringContaining('check REDIS_URL'),
  });

  await redis.start();
  const started = await waitFor(async () => {
    const answer = await api.request('POST', path, { body: { connectionId, resourceTypes: ['Patient'] } });
    return answer.status === 202 ? answer : undefined;
  });
  expect((await api.store.bulkExports.listActive()).map(({ id }) => id)).toEqual([started.body.data.id]);
  expect((await api.request('GET', '/ready')).status).toBe(200);
  api.expectNoSecretInAnswers();
});

test('the API starts without Redis and accepts nothing until Redis is available', async () => {
  await using redis = await startOwnServer(redisServer);
  await redis.kill();
  await using api = await startApi({ env: { REDIS_URL: redis.url } });
  const connectionId = await api.createConnection();
  expect((await api.request('POST', path, { body: { connectionId } })).status).toBe(503);
  expect((await api.request('GET', '/ready')).status).toBe(503);
  await redis.start();
  await waitFor(async () => (await api.request('POST', path, { body: { connectionId } })).status === 202);
});

test('the API answers a request that arrives on a kept connection while it stops, and closes the connection', async () => {
  const api = await startApi({ drainMs: 500 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { port } = new URL(api.baseUrl);
  const read = async () => {
    const [answer] = (await once(get({ agent, port, path: '/health' }), 'response')) as [IncomingMessage];
    await text(answer);
    return { status: answer.statusCode, connection: answer.headers.connection };
  };
  expect(await read()).toEqual({ status: 200, connection: 'keep-alive' });
  const stopped = api.stop();
  expect(await read()).toEqual({ status: 200, connection: 'close' });
  await stopped;
  agent.destroy();
});

test('the API stops while Redis is unavailable', async () => {
  await using redis = await startOwnServer(redisServer);
  const api = await startApi({ env: { REDIS_URL: redis.url } });
  await redis.kill();
  await api.stop();
});

test('the API returns 503 with Retry-After while MongoDB is unavailable, and recovers automatically', async () => {
  const services = testServices();
  await using proxy = await startTcpProxy(services.mongodbUri);
  await using api = await startApi({ services, env: { MONGODB_URI: proxy.url } });
  expect((await api.request('GET', '/ready')).status).toBe(200);
  await proxy.close();
  const requests = [api.request('POST', path, { body: { connectionId: 'c' } }), api.request('GET', `${path}/job_1`)];
  for (const { status, headers, body } of await Promise.all(requests)) {
    expect([status, body]).toEqual([503, unavailable]);
    expect(headers.get('retry-after')).toBe('5');
  }
  const ready = await api.request('GET', '/ready');
  expect([ready.status, ready.body]).toEqual([503, { ready: false, checks: { mongodb: 'down', redis: 'up' } }]);
  expect((await api.request('GET', '/health')).status).toBe(200);

  await proxy.open();
  await waitFor(async () => (await api.request('GET', '/ready')).status === 200);
  expect((await api.request('GET', '/api/ehr/connections')).status).toBe(200);
});
