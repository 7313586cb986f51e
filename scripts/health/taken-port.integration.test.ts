import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { programOf, runApp, waitFor } from '@bulkhead/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runBulkhead } from '../cli/run-bulkhead.fixture.ts';
import { createApiClient } from '../system/api-client.ts';
import { startTestApps, type TestApps } from '../system/test-apps.fixture.ts';

const exportPath = '/api/ehr/athenahealth/bulk-export';

/** A program that has the port which our programs are given. */
const other: Server = createServer();
let port: number;
let apps: TestApps;
beforeAll(async () => {
  other.listen(0);
  await once(other, 'listening');
  ({ port } = other.address() as AddressInfo);
  const short = { WORKER_POLL_INTERVAL_MS: '250', WORKER_SWEEP_INTERVAL_MS: '1000', WORKER_DOCUMENTS: 'off' };
  apps = await startTestApps({ env: short, simulator: { SIMULATOR_PATIENTS: '1', SIMULATOR_EXPORT_SECONDS: '0.2' } });
  await apps.migrate();
}, 120_000);
afterAll(async () => {
  other.close();
  await apps?.stop();
});

/** @returns the exit code, and the lines of the log about what went wrong */
async function runOnTakenPort(app: 'api' | 'worker', variable: string) {
  const env = { ...apps.env, HOST: '127.0.0.1', [variable]: String(port) };
  const { code, stdout, stderr } = await runApp({ program: programOf(app), env });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const faults = lines.filter(({ level }) => level >= 50);
  return { code, stderr, faults };
}

const reasonOf = (variable: string) =>
  `Port ${port} is in use. Stop the program that uses it, or set ${variable} to a free port.`;

test('a program whose port is taken ends with one clear line, takes no job, and leaves a green deployment', async () => {
  const { store } = apps;
  const api = await apps.startApi('api');
  const apiKey = await store.apiKeys.create({ name: 'port', role: 'operator', now: new Date() });
  const call = createApiClient({ baseUrl: api.url, apiKey });
  const connection = { provider: 'athenahealth', practiceId: '195900', auth: { method: 'client_credentials' } };
  const { id: connectionId } = await call<{ id: string }>('POST', '/api/ehr/connections', connection);
  // No worker runs, so the job waits.
  const { id } = await call<{ id: string }>('POST', exportPath, { connectionId, resourceTypes: ['Patient'] });

  for (const [app, variable] of [
    ['worker', 'WORKER_HEALTH_PORT'],
    ['api', 'PORT'],
  ] as const) {
    expect(await runOnTakenPort(app, variable)).toEqual({
      code: 1,
      stderr: '',
      faults: [
        {
          ...{ level: 50, name: app, pid: expect.any(Number), time: expect.any(String) },
          ...{ msg: 'start failed', code: 'EADDRINUSE', port, reason: reasonOf(variable) },
        },
      ],
    });
  }
  const queues = await call<{ queue: string; jobs: object }[]>('GET', '/api/ehr/queues');
  expect(queues.find(({ queue }) => queue === 'bulk-export')?.jobs).toMatchObject({ waiting: 1, active: 0 });
  expect(await store.bulkExports.find(id)).toMatchObject({ phase: 'queued' });
  expect(await store.processStates.list(new Date())).toMatchObject([{ kind: 'api', pid: api.pid }]);

  await apps.startWorker('worker');
  await waitFor(async () => (await store.bulkExports.find(id))?.phase === 'completed', { timeoutMs: 60_000 });
  await call('POST', `/api/ehr/connections/${connectionId}/test`, {});
  const doctor = async () => {
    const args = ['--json', 'doctor', '--no-connections'];
    const { stdout } = await runBulkhead(args, { url: api.url, key: apiKey });
    const { checks }: { checks: { id: string; severity: string }[] } = JSON.parse(stdout);
    return checks.filter(({ severity }) => severity !== 'ok').map((check) => check.id);
  };
  // The first sweep and the first report of the worker take some seconds. Redis keeps nothing on disk in a test run.
  await waitFor(async () => (await doctor()).every((check) => check === 'redis'), {
    ...{ timeoutMs: 30_000, intervalMs: 500, what: 'a green doctor' },
  });
}, 180_000);
