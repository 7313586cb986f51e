import { redisServer, startOwnServer, testServices, waitFor } from '@bulkhead/testing';
import { afterAll, describe, expect, test } from '@jest/globals';
import { postLogin } from '../../testing/log-in.ts';
import { fhirEndpoint, startApi } from '../../testing/start-api.ts';

const redis = await startOwnServer(redisServer);
const services = { ...testServices(), redisUrl: redis.url };
const api = await startApi({ services, env: { TRUST_PROXY: 'loopback', API_REQUESTS_PER_MINUTE: '200' } });
afterAll(async () => {
  await api.stop();
  await redis[Symbol.asyncDispose]();
});

const makeKey = (requestsPerMinute?: number) =>
  api.store.apiKeys.create({ name: 'x', role: 'client', requestsPerMinute, now: new Date() });
const send = async (key: string, options: { readonly times?: number; readonly from?: string } = {}) => {
  const { times = 1, from = '203.0.113.1' } = options;
  const answers = [];
  for (let n = 0; n < times; n++) {
    const headers = { 'x-forwarded-for': from };
    answers.push(await api.request('GET', '/api/ehr/connections', { authorization: `Bearer ${key}`, headers }));
  }
  return answers;
};
const statuses = (answers: readonly { readonly status: number }[]) => answers.map(({ status }) => status);

/** Tolerance for a slow machine: if Redis does not respond in time, the process counts such requests separately, so they can pass. */
const tolerance = 10;
function expectRefusedFrom(limit: number, statuses: readonly number[]): void {
  const first = statuses.indexOf(429);
  expect(first).toBeGreaterThanOrEqual(limit);
  expect(first).toBeLessThanOrEqual(limit + tolerance);
}

test('a key above its own limit gets 429 with Retry-After, and another key does not', async () => {
  const [limitedKey, otherKey] = [await makeKey(3), await makeKey(3)];
  const answers = await send(limitedKey, { times: 4 + tolerance });
  expectRefusedFrom(3, statuses(answers));
  const refused = answers.find(({ status }) => status === 429);
  expect(refused?.body.error.code).toBe('too-many-requests');
  const retryAfter = Number(refused?.headers.get('retry-after'));
  expect(retryAfter).toBeGreaterThanOrEqual(1);
  expect(retryAfter).toBeLessThanOrEqual(60);
  expect(statuses(await send(otherKey))).toEqual([200]);
});

test('every answer to a key has RateLimit headers, with the limit and how many requests remain', async () => {
  const key = await makeKey(3);
  const answers = await send(key, { times: 4 + tolerance });
  const policies = new Set(answers.map(({ headers }) => headers.get('ratelimit-policy')));
  expect([...policies]).toEqual(['"default";q=3;w=60']);
  const [, left, rest] = /^"default";r=(\d+);t=(\d+)$/.exec(answers[0]?.headers.get('ratelimit') ?? '') ?? [];
  expect(left).toBe('2');
  expect(Number(rest)).toBeGreaterThanOrEqual(1);
  expect(Number(rest)).toBeLessThanOrEqual(60);
  const refused = answers.find(({ status }) => status === 429);
  expect(refused?.headers.get('ratelimit')).toMatch(/^"default";r=0;t=\d+$/);
  const unknown = await api.request('GET', '/api/ehr/none', { authorization: `Bearer ${await makeKey()}` });
  expect([unknown.status, unknown.headers.get('ratelimit-policy')]).toEqual([404, '"default";q=200;w=60']);
  const withoutKey = await api.request('GET', '/api/ehr/connections', { authorization: null });
  expect([withoutKey.status, withoutKey.headers.get('ratelimit')]).toEqual([401, null]);
});

test('a key without its own limit has the limit of the deployment', async () => {
  const key = await makeKey();
  expectRefusedFrom(200, statuses(await send(key, { times: 201 + tolerance })));
});

test('a key can read a status while Redis is unavailable, whether Redis refuses connections or hangs', async () => {
  const key = await makeKey(50);
  await send(key);
  await redis.kill();
  expect(statuses(await send(key, { times: 5 }))).toEqual([200, 200, 200, 200, 200]);
  await redis.start();
  await waitFor(async () => (await api.request('GET', '/ready', { authorization: null })).status === 200);
  redis.pause();
  try {
    expect(statuses(await send(key, { times: 5 }))).toEqual([200, 200, 200, 200, 200]);
  } finally {
    redis.resume();
  }
});

test('an address that sends wrong keys gets 429, and a valid key from that address is accepted', async () => {
  const from = '203.0.113.2';
  const answers = statuses(await send('bh_wrong', { times: 61 + tolerance, from }));
  expectRefusedFrom(60, answers);
  expect(statuses(await send(await makeKey(), { from }))).toEqual([200]);
  expect(statuses(await send('bh_wrong', { from: '203.0.113.3' }))).toEqual([401]);
});

test('all addresses of an IPv6 network count as one address', async () => {
  const answers = [];
  for (let n = 0; n <= 60 + tolerance; n++)
    answers.push(...(await send('bh_wrong', { from: `2001:db8::${n.toString(16)}` })));
  expectRefusedFrom(60, statuses(answers));
});

test.each([
  { what: 'an IPv4 address', from: (port: number) => `203.0.113.9:${port}` },
  { what: 'an IPv6 address', from: (port: number) => `[2001:db9::1]:${port}` },
])('$what counts as one address, whatever ports a proxy adds to it', async ({ from }) => {
  const answers = [];
  for (let n = 0; n <= 60 + tolerance; n++) answers.push(...(await send('bh_wrong', { from: from(50_000 + n) })));
  expectRefusedFrom(60, statuses(answers));
});

describe('browsers that start or finish an authorization', () => {
  const unknown = 'iss=https://unknown.example&launch=x';
  const get = async (path: string, from: string) =>
    (await api.request('GET', path, { authorization: null, headers: { 'x-forwarded-for': from } })).status;
  const launches = async (from: string, query = unknown) => {
    const answers = [];
    for (let n = 0; n < 21 + tolerance; n++) answers.push(await get(`/api/ehr/athenahealth/launch?${query}`, from));
    return answers;
  };

  test('one address may start twenty authorizations a minute', async () => {
    expectRefusedFrom(20, await launches('203.0.113.6'));
  });

  test('invalid launches from several addresses keep no other browser from an authorization', async () => {
    for (let n = 0; n < 4; n++) await launches(`203.0.113.${20 + n}`);
    for (const path of [
      `/api/ehr/athenahealth/launch?${unknown}`,
      '/api/ehr/athenahealth/launch?iss=x',
      '/api/ehr/callback?state=auth_1.x&code=c',
      '/api/ehr/authorize/start?token=auth_1.x',
    ])
      expect(await get(path, '203.0.113.30')).not.toBe(429);
  });

  test('valid launches of many addresses keep no other address from launching or from coming back', async () => {
    const known = new URLSearchParams({ iss: fhirEndpoint, launch: 'x' }).toString();
    const launch = (from: string) => get(`/api/ehr/athenahealth/launch?${known}`, from);
    // No worker runs, so that each launch would wait for its answer.
    const launchAtOnce = (from: string) => Promise.all(Array.from({ length: 20 + tolerance }, () => launch(from)));
    const addresses = Array.from({ length: 4 }, (_, n) => `203.0.113.${40 + n}`);
    const answers = (await Promise.all(addresses.map(launchAtOnce))).flat();
    expect(answers).toContain(429);
    expect(answers.filter((status) => status !== 429).length).toBeGreaterThanOrEqual(20 * addresses.length);
    expect(await launch('203.0.113.49')).not.toBe(429);
    expect(await get('/api/ehr/callback?state=auth_1.x&code=c', '203.0.113.49')).not.toBe(429);
    expect(await get('/api/ehr/authorize/start?token=auth_1.x', '203.0.113.49')).not.toBe(429);
  });
});

test('an address with ten failed logins gets 429, and can still log in with a valid key', async () => {
  const logIn = (key: string, from: string) =>
    postLogin({
      api,
      key,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'sec-fetch-site': 'same-origin',
        'x-forwarded-for': from,
      },
    });
  for (let n = 0; n < 3; n++) expect((await logIn(api.operatorKey, '203.0.113.4')).status).toBe(303);
  const wrong = [];
  for (let n = 0; n <= 10 + tolerance; n++) wrong.push((await logIn('bh_wrong', '203.0.113.4')).status);
  expectRefusedFrom(10, wrong);
  const refused = await waitFor(async () => {
    const answer = await logIn('bh_wrong', '203.0.113.4');
    return answer.status === 429 ? answer : undefined;
  });
  expect(refused.text).toContain('Too many logins');
  expect((await logIn(api.operatorKey, '203.0.113.4')).status).toBe(303);
});

test('a client key may test connections ten times a minute, because each test needs a new token, and an operator more often', async () => {
  const id = await api.createConnection();
  const testWith = async (key: string) =>
    (await api.request('POST', `/api/ehr/connections/${id}/test`, { authorization: `Bearer ${key}` })).status;
  const answers = [];
  const key = await makeKey();
  for (let n = 0; n <= 10 + tolerance; n++) answers.push(await testWith(key));
  expectRefusedFrom(10, answers);
  for (let n = 0; n <= 10 + tolerance; n++) expect(await testWith(api.operatorKey)).not.toBe(429);
});
