import { compareWithSimulator } from '@bulkhead/records/testing';
import { waitFor } from '@bulkhead/testing';
import { describe, expect, test } from '@jest/globals';
import { type RunningExports, startRunningExports } from '../../testing/start-running-exports.ts';

const phaseOf = async (system: RunningExports, id: string) => (await system.store.bulkExports.find(id))?.phase;

/** The requests that the simulator received. */
const requests = async (system: RunningExports, method: string, path: RegExp) =>
  (await system.control.requests(path)).filter((request) => request.method === method);

const waitForDelete = (system: RunningExports) =>
  waitFor(async () => (await requests(system, 'DELETE', /bulkstatus/)).some(({ status }) => status === 202), {
    what: 'the DELETE at the server',
  });

describe('a cancelled export #cancel', () => {
  test.concurrent('a cancelled export that no worker has seen is never kicked off, and the next one can start at once', async () => {
    await using system = await startRunningExports({ hasWorker: false, kickOffWaitMs: 1000 });
    const id = await system.startExport();
    expect(await system.cancel(id)).toMatchObject({ id, status: 'CANCELLED' });
    system.startWorker();
    const next = await system.startExport();
    expect(await system.settled(next)).toMatchObject({ status: 'COMPLETED' });
    expect(await requests(system, 'GET', /\$export$/)).toHaveLength(1);
    expect(await phaseOf(system, id)).toBe('cancelled');
  });

  test.concurrent('an export that is cancelled during its kick-off is deleted at the server', async () => {
    await using system = await startRunningExports({ simulator: { exportSeconds: 60 }, kickOffWaitMs: 0 });
    await system.inject('export$', { kind: 'latency', ms: 5000 });
    const id = await system.startExport();
    await waitFor(async () => (await requests(system, 'GET', /\$export$/)).length === 1);
    expect(await phaseOf(system, id)).toBe('kicking-off');
    expect(await system.cancel(id)).toMatchObject({ status: 'CANCELLED' });
    await waitForDelete(system);
    expect(await phaseOf(system, id)).toBe('cancelled');
  });

  test.concurrent('an export that is cancelled while the server works on it is deleted there and no longer polled', async () => {
    await using system = await startRunningExports({ simulator: { exportSeconds: 60 } });
    const id = await system.startExport();
    await waitFor(async () => (await phaseOf(system, id)) === 'exporting');
    expect(await system.cancel(id)).toMatchObject({ status: 'CANCELLED' });
    await waitForDelete(system);
    const polls = (await requests(system, 'GET', /bulkstatus/)).length;
    expect(await system.cancel(id)).toMatchObject({ status: 'CANCELLED' });
    await waitFor(async () => (await system.store.bulkExports.find(id))?.discard === 'done');
    expect((await requests(system, 'GET', /bulkstatus/)).length).toBeLessThanOrEqual(polls + 1);
  });

  test.concurrent('a cancellation stops all downloads, even a stalled one, and the DELETE is retried until it is accepted', async () => {
    await using system = await startRunningExports({ simulator: { patients: 100 } });
    await system.inject('/bulkdata/.*Observation', { kind: 'stall', afterBytes: 300_000 });
    await system.inject({ path: '/bulkstatus/', method: 'DELETE' }, { kind: 'status', status: 500 }, { times: 4 });
    const id = await system.startExport();
    const observation = async () =>
      (await system.store.outputFiles.listByExport(id)).find(({ type }) => type === 'Observation');
    await waitFor(async () => ((await observation())?.checkpoint.lines ?? 0) > 0, { timeoutMs: 30_000 });
    expect(await system.cancel(id)).toMatchObject({ status: 'CANCELLED' });
    const states = (await system.store.outputFiles.listByExport(id)).map(({ state }) => state);
    expect(states.filter((state) => state === 'pending' || state === 'downloading')).toEqual([]);
    // The worker closes the socket. The server would have kept it open.
    await waitFor(
      async () => (await requests(system, 'GET', /Observation/)).every((request) => 'complete' in request),
      { what: 'the end of the stalled download' },
    );
    await waitForDelete(system);
  });

  test.concurrent('a completed export cannot be cancelled', async () => {
    await using system = await startRunningExports();
    const id = await system.startExport();
    await system.settled(id);
    await expect(system.cancel(id)).rejects.toMatchObject({ code: 'export-ended' });
    await expect(system.retry(id)).rejects.toMatchObject({ code: 'nothing-to-retry' });
    await expect(system.cancel('job_none')).rejects.toMatchObject({ code: 'unknown-export' });
  });
});

// Four systems run two exports each in this process at once: half a minute beside seven busy processes on two cores.
describe('a retry #retry', () => {
  test.concurrent('a retry downloads only the failed file, and then its watermark advances', async () => {
    await using system = await startRunningExports();
    const file = { path: '/bulkdata/.*Observation' };
    await system.inject(file, { kind: 'status', status: 410 }, { times: 2 });
    await system.inject({ path: '/bulkstatus/', method: 'DELETE' }, { kind: 'status', status: 500 });
    const id = await system.startExport();
    expect(await system.settled(id)).toMatchObject({
      status: 'COMPLETED',
      warnings: [{ code: 'files-failed' }, { code: 'watermarks-held' }],
    });
    // The server's export was kept for the retry.
    expect(await requests(system, 'DELETE', /bulkstatus/)).toEqual([]);
    const before = (await requests(system, 'GET', /bulkdata/)).length;
    await system.control.cancelOrders();

    expect(await system.retry(id)).toMatchObject({ id, status: 'IN_PROGRESS' });
    expect(await system.settled(id)).toMatchObject({ status: 'COMPLETED', warnings: [], counts: { filesFailed: 0 } });
    const fetched = (await requests(system, 'GET', /bulkdata/)).slice(before).map((request) => request.path);
    expect(fetched).toEqual([expect.stringContaining('Observation')]);
    expect((await compareWithSimulator(system)).differences).toEqual([]);
    expect(await system.markedTypes()).toEqual(expect.arrayContaining(['Observation', '*']));
    await waitForDelete(system);
    expect(await requests(system, 'GET', /\$export$/)).toHaveLength(1);
  });

  test.concurrent.each([
    { name: 'a kick-off that was refused', match: { path: 'export$' }, status: 403, kickOffs: 2 },
    {
      name: 'an export that the server lost',
      match: { path: '/bulkstatus/', method: 'GET' },
      status: 410,
      kickOffs: 2,
    },
    { name: 'a status that was refused', match: { path: '/bulkstatus/', method: 'GET' }, status: 403, kickOffs: 1 },
  ])(
    'a retry completes an export after $name, with $kickOffs kick-offs in all',
    async ({ match, status, kickOffs }) => {
      await using system = await startRunningExports();
      await system.inject(match, { kind: 'status', status });
      const id = await system.startExport();
      expect(await system.settled(id)).toMatchObject({ status: 'FAILED', errorMessage: expect.any(String) });
      expect(await system.retry(id)).toMatchObject({ status: 'IN_PROGRESS' });
      const ended = await system.settled(id);
      expect(ended).toMatchObject({ status: 'COMPLETED', warnings: [] });
      expect(ended.errorMessage).toBeUndefined();
      expect(await requests(system, 'GET', /\$export$/)).toHaveLength(kickOffs);
      expect((await compareWithSimulator(system)).differences).toEqual([]);
    },
  );
});

describe('since "last" #since-last', () => {
  test.concurrent('since "last" exports everything first, then only changes and deletions', async () => {
    await using system = await startRunningExports();
    const first = await system.settled(await system.startExport({ since: 'last' }));
    expect(first).toMatchObject({ status: 'COMPLETED', warnings: [{ code: 'since-last-full' }] });

    const [changed, deleted] = (await system.control.lines('Patient')).map((line) => JSON.parse(line));
    await system.control.put(`Patient/${changed.id}`, JSON.stringify({ ...changed, active: false }));
    await system.control.remove(`Patient/${deleted.id}`);

    const next = await system.settled(await system.startExport({ since: 'last' }));
    expect(next).toMatchObject({
      status: 'COMPLETED',
      warnings: [],
      counts: { stored: 1, deleted: 1 },
      request: { since: expect.any(String), sinceLast: true },
    });
    expect((await compareWithSimulator(system)).differences).toEqual([]);
    const carePlans = await system.settled(await system.startExport({ since: 'last', resourceTypes: ['CarePlan'] }));
    expect(carePlans).toMatchObject({ status: 'COMPLETED', warnings: [], counts: { stored: 0 } });
  });
});

describe('expired links #fresh-links', () => {
  test.concurrent('expired links are replaced by new ones from the manifest, which is requested once', async () => {
    await using system = await startRunningExports();
    await system.inject('/bulkdata/', { kind: 'expire-links' }, { after: 2 });
    const ended = await system.settled(await system.startExport());
    expect(ended).toMatchObject({ status: 'COMPLETED', warnings: [], counts: { filesFailed: 0 } });
    const refused = (await requests(system, 'GET', /bulkdata/)).filter(
      ({ status }) => status === 410 || status === 403,
    );
    expect(refused.length).toBeGreaterThan(0);
    expect((await compareWithSimulator(system)).differences).toEqual([]);
    const manifests = (await requests(system, 'GET', /bulkstatus/)).filter(({ status }) => status === 200);
    // One request for the export. The four downloads of a worker may each request the manifest before the first has the response.
    expect(manifests.length).toBeGreaterThan(1);
    expect(manifests.length).toBeLessThanOrEqual(1 + 4);
  });

  test.concurrent('a file with an expired link and no new one fails alone, with what to do #error-message', async () => {
    await using system = await startRunningExports();
    await system.inject('/bulkdata/.*CarePlan', { kind: 'status', status: 410 }, { times: 'always' });
    const ended = await system.settled(await system.startExport({ resourceTypes: ['CarePlan', 'Patient'] }));
    expect(ended).toMatchObject({ status: 'COMPLETED', counts: { filesFailed: 1 } });
    const files = await system.store.outputFiles.listByExport(ended.id);
    expect(files.find(({ type }) => type === 'CarePlan')?.error).toEqual({
      code: 'link-expired',
      message: expect.stringContaining('new export'),
      ehrText: expect.stringContaining('410'),
    });
  });
});
