import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { waitFor } from '@bulkhead/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readDifferences } from '../chaos/oracle/compare-resources.ts';
import { describeWith } from '../describe-with.fixture.ts';
import { createApiClient } from '../system/api-client.ts';
import type { AppProcess } from '../system/app-process.ts';
import { startTestApps, type TestApps } from '../system/test-apps.fixture.ts';
import { controlSimulator } from '../test-system/simulator-control.ts';
import { checkOutPrevious, removePrevious } from './previous-version.ts';

const folder = mkdtempSync(join(tmpdir(), 'bulkhead-upgrade-'));
const oldRoot = join(folder, 'previous');
const previous = await checkOutPrevious(oldRoot);
const exportPath = '/api/ehr/athenahealth/bulk-export';

describeWith({ title: 'an upgrade from the previous version', tool: previous }, () => {
  let apps: TestApps;
  /** The API processes that the load balancer calls. */
  let balanced: AppProcess[] = [];
  beforeAll(async () => {
    const short = { WORKER_POLL_INTERVAL_MS: '250', WORKER_SWEEP_INTERVAL_MS: '1000', WORKER_LOCK_MS: '2000' };
    // Long enough that each replacement of a process meets an export in progress.
    const simulator = { SIMULATOR_PATIENTS: '20', SIMULATOR_EXPORT_SECONDS: '1' };
    apps = await startTestApps({ env: short, simulator });
    await apps.migrate(oldRoot);
  }, 120_000);
  afterAll(async () => {
    await apps?.stop();
    await removePrevious(oldRoot);
    rmSync(folder, { recursive: true, force: true });
  });

  test('API and workers of two versions share their work, and no request and no export fails, in both directions', async () => {
    const { store, processes, startApi, startWorker, migrate } = apps;
    const simulator = controlSimulator(apps.simulatorUrl);
    const apiKey = await store.apiKeys.create({ name: 'upgrade', role: 'operator', now: new Date() });
    let lastCall: Promise<unknown> = Promise.resolve();
    /** Calls the next API process, as a load balancer does. */
    const call = <Data>(...request: Parameters<ReturnType<typeof createApiClient>>) => {
      const [api] = balanced;
      if (!api) throw new Error('no API process is behind the load balancer');
      balanced = [...balanced.slice(1), api];
      const answer = createApiClient({ baseUrl: api.url, apiKey })<Data>(...request);
      lastCall = answer.catch(() => undefined);
      return answer;
    };
    const started: string[] = [];
    const faults: string[] = [];
    let isOver = false;
    let connectionId = '';
    /** What clients do all the time. */
    const useSystem = async () => {
      while (!isOver) {
        try {
          // The same data cannot be exported twice at once, and a type that is exported has ended soon.
          const [type] = ['Observation', 'Condition', 'Encounter', 'Patient'].slice(started.length % 4);
          const body = { connectionId, exportType: 'Patient', resourceTypes: [type] };
          started.push((await call<{ id: string }>('POST', exportPath, body)).id);
          for (const id of started.slice(-3)) await call('GET', `${exportPath}/${id}`);
          await call('GET', `/api/ehr/athenahealth/sync-runs?connectionId=${connectionId}`);
        } catch (error) {
          if ((error as { code?: string }).code !== 'export-already-running') faults.push(inspect(error));
        }
        await delay(100);
      }
    };
    const readExport = (id: string) => call<{ status: string }>('GET', `${exportPath}/${id}`);
    const allEnded = async () => {
      const records = await Promise.all(started.map(readExport));
      return records.every(({ status }) => status !== 'IN_PROGRESS') ? records.map(({ status }) => status) : undefined;
    };
    /** Takes a process out of the load balancer, stops it as a deployment does, and puts its successor in. */
    const replaceApi = async (old: AppProcess, name: string, from?: string) => {
      const successor = await startApi(name, from);
      balanced = [successor, ...balanced.filter((api) => api !== old)];
      // The previous version does not wait for a request that is on its way when it stops.
      if (from === undefined) await lastCall;
      await old.stop();
      return successor;
    };
    const replaceWorker = async (old: AppProcess, name: string, from?: string) => {
      const successor = await startWorker(name, from);
      await old.stop();
      return successor;
    };
    const exportAll = async () => {
      const { id } = await call<{ id: string }>('POST', exportPath, { connectionId, exportType: 'Patient' });
      await waitFor(async () => (await readExport(id)).status !== 'IN_PROGRESS', { timeoutMs: 60_000, what: id });
      return readExport(id);
    };
    const differences = () => readDifferences({ simulator, store, connectionId });

    const [oldApi, ...oldWorkers] = await Promise.all([
      startApi('old-api', oldRoot),
      startWorker('old-worker-1', oldRoot),
      startWorker('old-worker-2', oldRoot),
    ]);
    balanced = [oldApi];
    const auth = { method: 'client_credentials' };
    const body = { provider: 'athenahealth', practiceId: '195900', auth };
    connectionId = (await call<{ id: string }>('POST', '/api/ehr/connections', body)).id;

    const using = useSystem();
    await migrate();
    const newWorkers = [
      await replaceWorker(oldWorkers[0], 'new-worker-1'),
      await replaceWorker(oldWorkers[1], 'new-worker-2'),
    ] as const;
    const newApi = await replaceApi(oldApi, 'new-api');
    await waitFor(() => started.length > 10 || faults.length > 0, { timeoutMs: 60_000, what: 'ten exports' });
    expect(await exportAll()).toMatchObject({ status: 'COMPLETED' });
    expect(await differences()).toEqual([]);

    // The way back, after the migration, while the work continues.
    const worker = await replaceWorker(newWorkers[0], 'old-worker-3', oldRoot);
    await newWorkers[1].stop();
    await replaceApi(newApi, 'old-api-2', oldRoot);
    const backAt = started.length;
    await waitFor(() => started.length > backAt + 3 || faults.length > 0, {
      timeoutMs: 60_000,
      what: 'more exports',
    });
    isOver = true;
    await using;
    expect(faults).toEqual([]);
    const statuses = await waitFor(allEnded, { timeoutMs: 60_000, what: 'the end of all exports' });
    expect(new Set(statuses)).toEqual(new Set(['COMPLETED']));
    expect(await exportAll()).toMatchObject({ status: 'COMPLETED' });
    expect(await differences()).toEqual([]);
    // A process that had crashed would have been started again.
    expect(processes.map(({ ownExits }) => ownExits)).toEqual(processes.map(() => 0));
    expect(worker.pid).toBeGreaterThan(0);
  }, 240_000);
});
