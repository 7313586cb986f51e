import { createLogger } from '@bulkhead/runtime';
import { testServices } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../testing/start-api.ts';
import { startRedis, type TestRedis } from '../../testing/start-redis.ts';

let api: TestApi;
let redis: TestRedis;
afterEach(async () => {
  await api.stop();
  await redis.stop();
});

const diagnose = async () => {
  const { body } = await api.request('GET', '/api/ehr/diagnosis');
  return new Map(body.data.map((check: { name: string }) => [check.name, check]));
};

test('the diagnosis reports faults and what to do, even while Redis is unavailable', async () => {
  redis = await startRedis();
  api = await startApi({ services: { ...testServices(), redisUrl: redis.url } });
  const id = await api.createConnection();
  const checks = await diagnose();
  expect(checks.get('mongodb')).toMatchObject({ state: 'ok', found: expect.stringMatching(/^version \d/) });
  expect(checks.get('workers')).toMatchObject({ state: 'failed', whatToDo: expect.stringContaining('worker') });
  expect(checks.get('sweep')).toMatchObject({ state: 'failed' });
  expect(checks.get(`connection ${id}`)).toMatchObject({ state: 'warning', found: 'it was never tested' });
  // The Redis of this test does not persist its data, and that of a deployment should.
  expect(checks.get('redis')).toMatchObject({ state: 'warning', found: expect.stringContaining('appendonly') });
  await redis.stop();
  expect((await diagnose()).get('redis')).toMatchObject({
    state: 'failed',
    whatToDo: expect.stringContaining('REDIS_URL'),
  });
  await redis.start();
});

test('the API warns at its start and in the diagnosis about a connection to another host without TLS and a password', async () => {
  redis = await startRedis();
  // The operating system connects 0.0.0.0 to this host, but the check of the settings treats it as another host.
  const redisUrl = redis.url.replace('127.0.0.1', '0.0.0.0');
  const lines: string[] = [];
  const logger = createLogger({ name: 'test', level: 'warn', destination: { write: (line) => lines.push(line) } });
  api = await startApi({ services: { ...testServices(), redisUrl }, logger });
  expect((await diagnose()).get('network')).toMatchObject({
    state: 'warning',
    found: expect.stringMatching(/Redis is not encrypted\..*Redis has no password\./),
  });
  expect(lines.filter((line) => line.includes('"connection is exposed"'))).toHaveLength(2);
});

test('the diagnosis finds no exposed connection if Redis and MongoDB are on this host', async () => {
  redis = await startRedis();
  api = await startApi({ services: { ...testServices(), redisUrl: redis.url } });
  expect((await diagnose()).get('network')).toMatchObject({ state: 'ok' });
});
