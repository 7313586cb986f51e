import { compareWithSimulator } from '@bulkhead/records/testing';
import { waitFor } from '@bulkhead/testing';
import { describe, expect, test } from '@jest/globals';
import { type SpawnedWorker, spawnWorker } from '../harness/spawn-worker.ts';
import { type System, startSystem } from '../harness/start-system.ts';

/** Sends a file of about 2.5 MB at 1 MB/s, and the first time not to its end, so that it does not end before it is interrupted. */
async function slowDown(system: System): Promise<void> {
  const file = '/bulkdata/.*Observation';
  await system.inject(file, { kind: 'slow', bytesPerSecond: 1_000_000 }, { times: 2 });
  await system.inject(file, { kind: 'stall', afterBytes: 2_000_000 });
}
const simulator = { patients: 150 };
/** Documents have their own tests. Those of 150 patients would be more work than the export. */
const withoutDocuments = { WORKER_DOCUMENTS: 'off' };
const env = { WORKER_LOCK_MS: '2000', ...withoutDocuments };

async function whileDownloading(system: System, id: string): Promise<void> {
  await waitFor(
    async () =>
      (await system.store.outputFiles.listByExport(id)).some(
        (file) => file.type === 'Observation' && file.checkpoint.lines > 0 && file.state === 'downloading',
      ),
    { timeoutMs: 40_000, what: 'a download in the middle' },
  );
}

async function expectWhole(system: System, id: string): Promise<void> {
  expect(await system.settled(id)).toMatchObject({ status: 'COMPLETED', warnings: [] });
  // Checked before the comparison, which blocks this process. The simulator in it would then record the arrivals of document requests too
  // late.
  expect(await system.violations()).toMatchObject({ total: 0 });
  const { compared, differences } = await compareWithSimulator(system);
  expect(differences).toEqual([]);
  expect(compared).toBeGreaterThan(3000);
}

describe('after a crash #crash', () => {
  test.concurrent('an export whose worker was killed during a download completes and resumes at the last committed byte', async () => {
    await using system = await startSystem({ simulator, env });
    await slowDown(system);
    await using first = spawnWorker(system.env);
    const id = await system.startExport();
    await whileDownloading(system, id);
    await first.kill();
    await using _next = spawnWorker(system.env);
    await expectWhole(system, id);
    const statuses = (await system.control.requests()).map(({ status }) => status);
    expect(statuses).toContain(206);
  });

  test.concurrent('an export completes after all Redis data was lost during a download', async () => {
    await using system = await startSystem({ simulator, env });
    await slowDown(system);
    await using worker = spawnWorker(system.env);
    const id = await system.startExport();
    await whileDownloading(system, id);
    await worker.kill();
    await system.loseRedis();
    await using _next = spawnWorker(system.env);
    await expectWhole(system, id);
  });

  test.concurrent('an export completes after all Redis data was lost while the server was exporting', async () => {
    await using system = await startSystem({ hasWorker: true, simulator, env: withoutDocuments });
    await system.inject({ path: '/bulkstatus/', method: 'GET' }, { kind: 'status', status: 202 }, { times: 'always' });
    const id = await system.startExport();
    await waitFor(async () => (await system.store.bulkExports.find(id))?.phase === 'exporting');
    await system.loseRedis();
    await system.control.cancelOrders();
    await expectWhole(system, id);
  });
});

test('a file that kills its worker at the same line three times fails as a poison job, and the other files are stored #crash', async () => {
  await using system = await startSystem({ simulator: { patients: 20 }, env });
  const deadlyEnv = { ...system.env, DEADLY_TYPE: 'Immunization' };
  let deaths = 0;
  const preload = 'deadly-type.preload.ts';
  let worker: SpawnedWorker = spawnWorker(deadlyEnv, { preload });
  await using _last = { [Symbol.asyncDispose]: () => worker.kill() };
  const id = await system.startExport();
  /** Restarts the worker, as a supervisor does. */
  const keepRunning = () => {
    if (!worker.hasEnded()) return;
    // On a busy machine a worker also ends itself, if MongoDB does not answer its start in time. That is not the file's fault.
    if (worker.endedBy() === 'SIGKILL') deaths += 1;
    worker = spawnWorker(deadlyEnv, { preload });
  };
  await waitFor(
    async () => {
      keepRunning();
      return (await system.store.bulkExports.find(id))?.completedAt !== undefined;
    },
    { timeoutMs: 80_000, what: 'the end of the export' },
  );
  const files = await system.store.outputFiles.listByExport(id);
  const failed = files.filter(({ state }) => state !== 'completed');
  expect(failed).toEqual([expect.objectContaining({ type: 'Immunization', state: 'failed' })]);
  expect(failed[0]?.error).toEqual({ code: 'poison-job', message: expect.stringMatching(/ran file\.download/) });
  expect(files.length).toBeGreaterThan(5);
  expect(deaths).toBe(3);
});
