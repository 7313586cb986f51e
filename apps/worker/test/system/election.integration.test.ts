import { compareWithSimulator } from '@bulkhead/records/testing';
import { everyInterruption, startReplicaSetProxies } from '@bulkhead/store/testing';
import { testServices, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { type System, startSystem } from '../harness/start-system.ts';

/**
 * A kick-off whose answer takes a while, and a file of 1.2 MB that takes 16 s, so that an export can be met in both, even if a busy machine notices it
 * late. The first 512 kB are stored in one batch after 7 s, and two writes follow. Otherwise the write that the test waits for has passed.
 */
async function slowDown({ inject }: System): Promise<void> {
  await inject('[$]export$', { kind: 'latency', ms: 3000 });
  await inject('/bulkdata/.*Observation', { kind: 'slow', bytesPerSecond: 75_000 });
}

const isKickingOff = async ({ control }: System) => (await control.requests(/[$]export$/)).length > 0;
/** Some resources of the slow file are stored, and it is still sending. */
const isDownloading = async ({ store, connectionId }: System, id: string) =>
  (await store.resources.count({ connectionId, resourceType: 'Observation' })) > 0 &&
  (await store.outputFiles.listByExport(id)).some(
    ({ type, state }) => type === 'Observation' && state === 'downloading',
  );

/** With the write that is interrupted: the one that stores the status URL, and one that stores resources. */
const moments = [
  { isReached: isKickingOff, write: /^(update|findAndModify) bulk_exports$/ },
  { isReached: isDownloading, write: /^(insert|update) Observation$/ },
];

test.concurrent.each(everyInterruption)(
  'an export completes although %s meets its kick-off and a download, and the API returns 503 meanwhile',
  async (interruption) => {
    const services = testServices();
    await using replicaSet = await startReplicaSetProxies(services.mongodbUri);
    await using system = await startSystem({
      services,
      env: { MONGODB_URI: replicaSet.url, WORKER_DOCUMENTS: 'off' },
      simulator: { patients: 75 },
      // The answer to the POST does not wait for the kick-off, which is interrupted.
      kickOffWaitMs: 0,
      hasWorker: true,
    });
    const rename = () => system.request('PATCH', `/api/ehr/connections/${system.connectionId}`, { name: 'renamed' });
    await slowDown(system);
    const id = await system.startExport();
    for (const { isReached, write } of moments) {
      await waitFor(() => isReached(system, id), { timeoutMs: 60_000, what: isReached.name });
      await replicaSet.interrupt(interruption, write);
      expect((await rename()).status).toBe(503);
      await replicaSet.elect();
    }
    expect(await system.settled(id)).toMatchObject({ status: 'COMPLETED', warnings: [] });
    expect(await system.control.requests(/[$]export$/)).toHaveLength(1);
    const files = await system.store.outputFiles.listByExport(id);
    expect(files.filter(({ checkpoint, promisedCount }) => checkpoint.lines !== promisedCount)).toEqual([]);
    const { compared, differences } = await compareWithSimulator(system);
    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(1000);
  },
);
