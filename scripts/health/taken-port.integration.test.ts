import { programOf, runApp, type ScriptedServer, startScriptedServer, waitFor } from '@bulkhead/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runBulkhead } from '../cli/run-bulkhead.fixture.ts';
import { createApiClient } from '../system/api-client.ts';
import { onTestServers } from '../test-system/on-test-servers.fixture.ts';
import { startTestSystem, type TestSystem } from '../test-system/start-test-system.ts';

const exportPath = '/api/ehr/athenahealth/bulk-export';

/** A program that has the port which our programs are given. */
let other: ScriptedServer;
let port: number;
let system: TestSystem;
beforeAll(async () => {
  other = await startScriptedServer();
  port = Number(new URL(other.url).port);
  system = await startTestSystem({ ...onTestServers(), workerCount: 0, patients: 1 });
});
afterAll(async () => {
  await other.stop();
  await system?.stop();
});

/** @returns the exit code, and the lines of the log about what went wrong */
async function runOnTakenPort(app: 'api' | 'serve' | 'worker', variable: string) {
  const env = { ...system.env, HOST: '127.0.0.1', [variable]: String(port) };
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
  const { store, api, serve, apiKey, connectionId } = system;
  const call = createApiClient(system);
  // No worker runs, so the job waits.
  const { id } = await call<{ id: string }>('POST', exportPath, { connectionId, resourceTypes: ['Patient'] });

  for (const [app, variable] of [
    ['worker', 'WORKER_HEALTH_PORT'],
    ['api', 'PORT'],
    ['serve', 'SERVE_PORT'],
  ] as const) {
    expect(await runOnTakenPort(app, variable)).toEqual({
      code: 1,
      stderr: '',
      faults: [
        {
          level: 50,
          name: app,
          pid: expect.any(Number),
          time: expect.any(String),
          msg: 'start failed',
          code: 'EADDRINUSE',
          port,
          reason: reasonOf(variable),
        },
      ],
    });
  }
  const queues = await call<{ queue: string; jobs: object }[]>('GET', '/api/ehr/queues');
  expect(queues.find(({ queue }) => queue === 'bulk-export')?.jobs).toMatchObject({ waiting: 1, active: 0 });
  expect(await store.bulkExports.find(id)).toMatchObject({ phase: 'queued' });
  const processes = await store.processStates.list(new Date());
  expect(processes.map(({ kind, pid }) => [kind, pid]).toSorted()).toEqual([
    ['api', api.pid],
    ['serve', serve.pid],
  ]);

  await system.startWorker();
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
    timeoutMs: 30_000,
    intervalMs: 500,
    what: 'a green doctor',
  });
}, 180_000);
