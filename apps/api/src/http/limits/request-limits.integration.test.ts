import { testServices, waitFor } from '@bulkhead/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { postLogin } from '../../testing/log-in.ts';
import { startApi, type TestApi } from '../../testing/start-api.ts';
import { startRedis, type TestRedis } from '../../testing/start-redis.ts';

let api: TestApi;
let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
  const services = { ...testServices(), redisUrl: redis.url };
  api = await startApi({ services, env: { TRUST_PROXY: 'loopback', API_REQUESTS_PER_MINUTE: '200' } });
});
afterAll(async () => {
  await api.stop();
  await redis.stop();
});

const makeKey = (requestsPerMinute?: number) =>
  api.store.apiKeys.create({ name: 'x', role: 'client', requestsPerMinute, now: new Date() });
const ask = async (key: string, options: { readonly times?: number; readonly from?: string } = {}) => {
  const { times = 1, from = '203.0.113.1' } = options;
  const answers = [];
  for (let n = 0; n < times; n++) {
    const headers = { 'x-forwarded-for': from };
    answers.push(await api.request('GET', '/api/ehr/connections', { authorization: `Bearer ${key}`, headers }));
  }
  return answers;
};
const statuses = (answers: readonly { readonly status: number }[]) => answers.map(({ status }) => status);

/** How many a machine may be late with: what Redis does not answer in time is counted by the process alone. */
const late = 10;
function expectRefusedFrom(limit: number, given: readonly number[]): void {
  const first = given.indexOf(429);
  expect(first).toBeGreaterThanOrEqual(limit);
  expect(first).toBeLessThanOrEqual(limit + late);
}

describe('a key', () => {
  test('is answered 429 beyond its own limit, with when to ask again; another key is not', async () => {
    const [limited, other] = [await makeKey(3), await makeKey(3)];
    const answers = await ask(limited, { times: 4 + late });
    expectRefusedFrom(3, statuses(answers));
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.body.error.code).toBe('too-many-requests');
    const retryAfter = Number(refused?.headers.get('retry-after'));
    expect(retryAfter).toBeGreaterThanOrEqual(1);
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect(statuses(await ask(other))).toEqual([200]);
  });

  test('without a limit of its own has the deployment’s', async () => {
    const key = await makeKey();
    expectRefusedFrom(200, statuses(await ask(key, { times: 201 + late })));
  });

  test('reads a status while Redis is away, whether it refuses or hangs', async () => {
    const key = await makeKey(50);
    await ask(key);
    await redis.stop();
    expect(statuses(await ask(key, { times: 5 }))).toEqual([200, 200, 200, 200, 200]);
    await redis.start();
    await waitFor(async () => (await api.request('GET', '/ready', { authorization: null })).status === 200);
    redis.pause();
    try {
      expect(statuses(await ask(key, { times: 5 }))).toEqual([200, 200, 200, 200, 200]);
    } finally {
      redis.resume();
    }
  });
});

describe('an address', () => {
  test('that sends wrong keys is told to stop; a good key from there is let in', async () => {
    const from = '203.0.113.2';
    const answers = statuses(await ask('bh_wrong', { times: 61 + late, from }));
    expectRefusedFrom(60, answers);
    expect(statuses(await ask(await makeKey(), { from }))).toEqual([200]);
    expect(statuses(await ask('bh_wrong', { from: '203.0.113.3' }))).toEqual([401]);
  });

  test('that is a network of IPv6 is one, however many addresses it has', async () => {
    const answers = [];
    for (let n = 0; n <= 60 + late; n++)
      answers.push(...(await ask('bh_wrong', { from: `2001:db8::${n.toString(16)}` })));
    expectRefusedFrom(60, statuses(answers));
  });

  test('may send half of the authorizations of a minute, and all addresses together may send all of them', async () => {
    const launch = async (from: string) => {
      const path = '/api/ehr/athenahealth/launch?iss=https://unknown.example&launch=x';
      return (await api.request('GET', path, { authorization: null, headers: { 'x-forwarded-for': from } })).status;
    };
    const launches = async (from: string, times: number) => {
      const answers = [];
      for (let n = 0; n < times; n++) answers.push(await launch(from));
      return answers;
    };
    expectRefusedFrom(20, await launches('203.0.113.6', 21 + late));
    expectRefusedFrom(20, await launches('203.0.113.7', 21 + late));
    expect(await launches('203.0.113.8', 1 + late)).toContain(429);
  });

  test('that fails to log in ten times is answered 429, and may still log in with a good key', async () => {
    const logIn = (key: string, from: string) =>
      postLogin({
        ...{ api, key },
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'sec-fetch-site': 'same-origin',
          'x-forwarded-for': from,
        },
      });
    for (let n = 0; n < 3; n++) expect((await logIn(api.operatorKey, '203.0.113.4')).status).toBe(303);
    const wrong = [];
    for (let n = 0; n <= 10 + late; n++) wrong.push((await logIn('bh_wrong', '203.0.113.4')).status);
    expectRefusedFrom(10, wrong);
    const { status, text } = await logIn('bh_wrong', '203.0.113.4');
    expect([status, text.includes('too many failed attempts')]).toEqual([429, true]);
    expect((await logIn(api.operatorKey, '203.0.113.4')).status).toBe(303);
  });
});
