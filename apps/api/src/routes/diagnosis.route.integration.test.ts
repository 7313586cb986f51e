import { testServices } from '@bulkhead/testing';
import { afterEach, expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../testing/start-api.ts';
import { startRedis, type TestRedis } from '../testing/start-redis.ts';

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

test('says what is missing and what to do, also while Redis is away', async () => {
  redis = await startRedis();
  api = await startApi({ services: { ...testServices(), redisUrl: redis.url } });
  const id = await api.createConnection();
  const checks = await diagnose();
  expect(checks.get('mongodb')).toMatchObject({ state: 'ok', found: expect.stringMatching(/^version \d/) });
  expect(checks.get('workers')).toMatchObject({ state: 'failed', whatToDo: expect.stringContaining('worker') });
  expect(checks.get('sweep')).toMatchObject({ state: 'failed' });
  expect(checks.get(`connection ${id}`)).toMatchObject({ state: 'warning', found: 'it was never tested' });
  // A Redis of tests keeps nothing on disk, which a deployment's should.
  expect(checks.get('redis')).toMatchObject({ state: 'warning', found: expect.stringContaining('appendonly') });
  await redis.stop();
  expect((await diagnose()).get('redis')).toMatchObject({
    state: 'failed',
    whatToDo: expect.stringContaining('REDIS_URL'),
  });
  await redis.start();
});
