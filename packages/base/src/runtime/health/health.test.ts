import { expect, jest, test } from '@jest/globals';
import { createMetrics } from '../telemetry/metrics.ts';
import { startHealthServer } from './health.server.ts';
import { createHealth, type Readiness, watchHealth } from './health.ts';

const up = async () => undefined;
const down = async () => {
  throw new Error('planted');
};
const silent = () => new Promise<void>(() => undefined);

test('a process is ready only if every dependency is up', async () => {
  expect(await createHealth({ mongodb: up, redis: up }).readiness()).toEqual({
    ready: true,
    checks: { mongodb: 'up', redis: 'up' },
  });
  expect(await createHealth({ mongodb: up, redis: down }).readiness()).toEqual({
    ready: false,
    checks: { mongodb: 'up', redis: 'down' },
  });
});

test('a dependency whose check throws synchronously is down', async () => {
  const broken = () => {
    throw new Error('planted');
  };
  expect((await createHealth({ mongodb: broken }).readiness()).checks).toEqual({ mongodb: 'down' });
});

test('readiness waits two seconds in all for dependencies that do not answer', async () => {
  jest.useFakeTimers();
  try {
    let answer: Readiness | undefined;
    const answered = createHealth({ mongodb: silent, redis: silent, disk: up })
      .readiness()
      .then((readiness) => {
        answer = readiness;
      });
    await jest.advanceTimersByTimeAsync(1999);
    expect(answer).toBeUndefined();
    await jest.advanceTimersByTimeAsync(1);
    await answered;
    expect(answer).toEqual({ ready: false, checks: { mongodb: 'down', redis: 'down', disk: 'up' } });
  } finally {
    jest.useRealTimers();
  }
});

test('the health response names the instance if the process has an id', () => {
  expect(createHealth({}).life).toEqual({ status: 'alive' });
  expect(createHealth({}, { version: '1.2.3' }).life).toEqual({ status: 'alive', version: '1.2.3' });
  expect(createHealth({}, { instanceId: 'one' }).life).toEqual({ status: 'alive', instance: 'one' });
});

test('a process that is stopping is not ready', async () => {
  const health = createHealth({ redis: up });
  health.stop();
  expect(await health.readiness()).toEqual({ ready: false, checks: { redis: 'up' }, stopping: true });
});

test('a process without an API serves its health and nothing else', async () => {
  const checks = { redis: up };
  const health = createHealth(checks);
  const server = await startHealthServer({
    health,
    metrics: createMetrics(),
    metricsToken: undefined,
    port: 0,
    host: '127.0.0.1',
  });
  try {
    const address = server.address() as { port: number };
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${address.port}${path}`);
      return [response.status, await response.json()];
    };
    expect(await get('/health')).toEqual([200, { status: 'alive' }]);
    expect(await get('/ready')).toEqual([200, { ready: true, checks: { redis: 'up' } }]);
    expect((await get('/admin'))[0]).toBe(404);
    health.stop();
    expect(await get('/ready')).toEqual([503, { ready: false, checks: { redis: 'up' }, stopping: true }]);
    expect((await get('/health'))[0]).toBe(200);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

async function getPage({ metricsToken, authorization }: { metricsToken?: string; authorization?: string }) {
  const health = createHealth({ redis: up, mongodb: down });
  const metrics = createMetrics();
  watchHealth(metrics, health);
  const server = await startHealthServer({ health, metrics, metricsToken, port: 0, host: '127.0.0.1' });
  try {
    const { port } = server.address() as { port: number };
    const headers = authorization === undefined ? {} : { authorization };
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers });
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

test('the metrics of a process without an API include its readiness and its dependencies', async () => {
  const { status, type, text } = await getPage({});
  expect([status, type]).toEqual([200, expect.stringContaining('text/plain; version=0.0.4')]);
  const samples = text.split('\n').filter((line) => !line.startsWith('#'));
  expect(samples).toEqual(
    expect.arrayContaining([
      'bulkhead_ready 0',
      'bulkhead_dependency_up{dependency="redis"} 1',
      'bulkhead_dependency_up{dependency="mongodb"} 0',
    ]),
  );
});

test('the metrics of a process without an API require the token if one is set', async () => {
  const metricsToken = '0123456789abcdef';
  for (const authorization of [undefined, 'Bearer fedcba9876543210', 'Bearer ', `Basic ${metricsToken}`]) {
    const { status, text } = await getPage({
      metricsToken,
      ...(authorization === undefined ? {} : { authorization }),
    });
    expect([status, text.includes('bulkhead_')]).toEqual([401, false]);
  }
  expect((await getPage({ metricsToken, authorization: `Bearer ${metricsToken}` })).status).toBe(200);
});

test('the health server listens on its interface only', async () => {
  const health = createHealth({});
  const server = await startHealthServer({
    health,
    metrics: createMetrics(),
    metricsToken: undefined,
    port: 0,
    host: '127.0.0.1',
  });
  try {
    expect(server.address()).toMatchObject({ address: '127.0.0.1' });
  } finally {
    health.stop();
    server.close();
  }
});
