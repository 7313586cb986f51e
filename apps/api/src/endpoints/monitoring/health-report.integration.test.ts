import { createLogger } from '@bulkhead/base';
import { healthChecks } from '@bulkhead/monitoring/commands';
import { connectRedis } from '@bulkhead/queues';
import { redisServer, startOwnServer, testServices, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { startApi, type TestApi } from '../../testing/start-api.ts';

const readChecks = async (api: TestApi) => {
  const { body } = await api.request('GET', '/api/ehr/health-report?fresh=true');
  return new Map(body.data.checks.map((check: { id: string }) => [check.id, check]));
};

test('the health report has every check with what to do, even while Redis is unavailable', async () => {
  await using redis = await startOwnServer(redisServer);
  await using api = await startApi({ services: { ...testServices(), redisUrl: redis.url } });
  const id = await api.createConnection();
  const checks = await readChecks(api);
  expect([...checks.keys()].toSorted()).toEqual(Object.keys(healthChecks).toSorted());
  expect(checks.get('mongodb')).toMatchObject({ severity: 'ok', reason: expect.stringMatching(/^MongoDB \d/) });
  expect(checks.get('workers')).toMatchObject({ severity: 'critical', action: expect.stringContaining('worker') });
  expect(checks.get('sweep')).toMatchObject({ severity: 'critical' });
  expect(checks.get('connection-tests')).toMatchObject({
    severity: 'warning',
    subjects: [{ kind: 'connection', id, reason: 'was never tested with its credentials' }],
  });
  // The Redis of this test does not persist its data, and that of a deployment should.
  expect(checks.get('redis')).toMatchObject({ severity: 'warning', reason: expect.stringContaining('appendonly') });
  await redis.kill();
  const withoutRedis = await readChecks(api);
  expect(withoutRedis.get('redis')).toMatchObject({
    severity: 'critical',
    action: expect.stringContaining('REDIS_URL'),
  });
  expect(withoutRedis.get('workers')).toMatchObject({
    severity: 'warning',
    reason: expect.stringContaining('Unknown'),
  });
  await redis.start();
});

test('while Redis refuses commands, the health report says why, and the API is not ready and accepts nothing', async () => {
  await using redis = await startOwnServer(redisServer);
  await using api = await startApi({ services: { ...testServices(), redisUrl: redis.url } });
  const connectionId = await api.createConnection();
  const operator = connectRedis({ url: redis.url, waiting: true, onError: () => undefined });
  const isReady = async () => (await api.request('GET', '/ready')).status === 200;
  const refusals = [
    {
      code: 'OOM',
      action: /maxmemory/,
      cause: ['CONFIG', 'SET', 'maxmemory', '1'],
      end: ['CONFIG', 'SET', 'maxmemory', '0'],
    },
    { code: 'READONLY', action: /primary/, cause: ['REPLICAOF', '127.0.0.1', '1'], end: ['REPLICAOF', 'NO', 'ONE'] },
    {
      code: 'NOPERM',
      action: /permissions/,
      cause: ['ACL', 'SETUSER', 'default', '-eval'],
      end: ['ACL', 'SETUSER', 'default', '+eval'],
    },
    {
      code: 'NOAUTH',
      action: /password/,
      cause: ['CONFIG', 'SET', 'requirepass', 'changed'],
      end: ['CONFIG', 'SET', 'requirepass', ''],
    },
  ];
  for (const { code, action, cause, end } of refusals) {
    await operator.call(...(cause as [string]));
    // Connections that exist stay logged in.
    if (code === 'NOAUTH') await operator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    const check = await waitFor(async () => {
      const shown = (await readChecks(api)).get('redis') as { readonly severity: string; readonly reason: string };
      return shown.reason.includes(`(${code})`) ? shown : undefined;
    });
    expect(check).toMatchObject({ severity: 'critical', action: expect.stringMatching(action) });
    expect(await isReady()).toBe(false);
    const answers = [
      api.request('POST', '/api/ehr/athenahealth/bulk-export', { body: { connectionId } }),
      api.request('POST', '/api/ehr/athenahealth/enhanced-sync', { body: { connectionId, includeEnhanced: true } }),
    ];
    for (const { refusal } of await Promise.all(answers)) expect(refusal).toEqual([503, 'unavailable']);
    await operator.call(...(end as [string]));
    await waitFor(isReady);
  }
  operator.disconnect();
  expect(await api.store.bulkExports.list({ provider: 'athenahealth', connectionId, scope: 'all', limit: 1 })).toEqual(
    [],
  );
});

test('the API warns at its start and in the health report about a connection to another host without TLS and a password', async () => {
  await using redis = await startOwnServer(redisServer);
  // The operating system connects 0.0.0.0 to this host, but the check of the settings treats it as another host.
  const redisUrl = redis.url.replace('127.0.0.1', '0.0.0.0');
  const lines: string[] = [];
  const logger = createLogger({ name: 'test', level: 'warn', destination: { write: (line) => lines.push(line) } });
  await using api = await startApi({ services: { ...testServices(), redisUrl }, logger });
  expect((await readChecks(api)).get('network')).toMatchObject({
    severity: 'warning',
    reason: expect.stringMatching(/Redis is not encrypted\..*Redis has no password\./),
  });
  expect(lines.filter((line) => line.includes('"connection is exposed"'))).toHaveLength(2);
});

test('the health report finds no exposed connection if Redis and MongoDB are on this host', async () => {
  await using redis = await startOwnServer(redisServer);
  await using api = await startApi({ services: { ...testServices(), redisUrl: redis.url } });
  expect((await readChecks(api)).get('network')).toMatchObject({ severity: 'ok' });
});
