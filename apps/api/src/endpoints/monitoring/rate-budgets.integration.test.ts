import { makeConnection } from '@bulkhead/connections/testing';
import { eventStreamLimits } from '@bulkhead/http';
import { redisServer, startOwnServer, testServices } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { openEvents } from '../../testing/open-events.ts';
import { clientSecret, startApi, type TestApi } from '../../testing/start-api.ts';

const path = '/api/ehr/rate-budgets';
let connectionCount = 0;
async function connect({ store }: TestApi, clientId: string, environment = 'production'): Promise<string> {
  const id = `conn_${++connectionCount}`;
  const auth = { method: 'client_credentials', clientId, clientSecret, scope: 'x' } as const;
  await store.connections.insert(makeConnection({ id, environment, auth }));
  return id;
}

test('GET /rate-budgets has one entry for each budget, with the connections that share it and without client ids', async () => {
  await using api = await startApi();
  const [first, second, other] = [
    await connect(api, 'client-7'),
    await connect(api, 'client-7'),
    await connect(api, 'client-8'),
  ];
  const sandbox = await connect(api, 'client-7', 'sandbox');
  const { status, body, text } = await api.request('GET', path);
  expect(status).toBe(200);
  const waiting = { interactive: 0, poll: 0, 'kick-off': 0, download: 0, crawl: 0 };
  const recent = Array.from({ length: 60 }, () => 0);
  const unused = { provider: 'athenahealth', recent, pausedMs: 0, slowMs: 0, waiting };
  const requests = {
    ...unused,
    window: { used: 0, limit: 16, windowMs: 2000 },
    minute: { used: 0, limit: 480 },
    day: { used: 0, limit: 100_000 },
  };
  const tokens = (limit: number) => ({
    ...unused,
    window: { used: 0, limit, windowMs: 60_000 },
    minute: { used: 0, limit },
    day: { used: 0, limit: limit * 1440 },
  });
  const production = { environment: 'production' };
  const ownBudget = { name: 'athenahealth.production', ...production, ...requests };
  const ownTokens = { name: 'athenahealth.production.token', ...production, ...tokens(50) };
  const atSandbox = { environment: 'sandbox', connectionIds: [sandbox] };
  expect(body.data).toEqual([
    { ...ownBudget, connectionIds: [first, second] },
    { ...ownTokens, connectionIds: [first, second] },
    { ...ownBudget, connectionIds: [other] },
    { ...ownTokens, connectionIds: [other] },
    { name: 'athenahealth.sandbox', ...atSandbox, ...requests },
    { name: 'athenahealth.sandbox.token', ...atSandbox, ...tokens(5) },
  ]);
  expect(text).not.toContain('client-');
  api.expectNoSecretInAnswers();
});

test('GET /rate-budgets/events sends the budgets when they change', async () => {
  await using api = await startApi({ streamLimits: { ...eventStreamLimits, everyMs: 20 } });
  const stream = await openEvents({ api, path: `${path}/events` });
  expect((await stream.next('budgets')).data).toEqual([]);
  const id = await connect(api, 'client-7');
  const { data } = await stream.next('budgets');
  expect(data).toMatchObject([{ connectionIds: [id] }, { connectionIds: [id] }]);
  stream.leave();
});

test('rate budgets and queues return 503 while Redis is unavailable', async () => {
  await using redis = await startOwnServer(redisServer);
  await using api = await startApi({ services: { ...testServices(), redisUrl: redis.url } });
  await connect(api, 'client-7');
  await redis.kill();
  for (const address of [path, '/api/ehr/queues']) {
    const { refusal } = await api.request('GET', address);
    expect([address, ...refusal]).toEqual([address, 503, 'unavailable']);
  }
});
