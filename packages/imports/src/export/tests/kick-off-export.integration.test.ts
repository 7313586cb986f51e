import { firstAttempt, runJob } from '@bulkhead/queues/testing';
import { openTestStore, withMethods } from '@bulkhead/store/testing';
import { anyPhase, startTcpProxy, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { kickOff, kickOffWork } from '../kick-off/kick-off.job.ts';
import { createStores, startUseCases } from '../testing/start-use-cases.ts';

test.concurrent('an accepted kick-off is not sent again if MongoDB is unavailable: its status URL is kept until it is stored #lost-kick-off', async () => {
  await using cases = await startUseCases();
  const { deps, mongodbUri, encryptionKey } = cases;
  await using proxy = await startTcpProxy(mongodbUri);
  const { store, close } = await openTestStore(createStores, { uri: proxy.url, encryptionKey });
  const record = await cases.insertExport();
  let failedWrites = 0;
  const bulkExports = withMethods(store.bulkExports, {
    // MongoDB becomes unavailable when the attempt has stored that it sends the kick-off.
    async update(change) {
      const updated = await store.bulkExports.update(change);
      await proxy.close();
      return updated;
    },
    transition: (change) =>
      store.bulkExports.transition(change).catch((error: unknown) => {
        failedWrites += 1;
        throw error;
      }),
  });
  const cutOff = { ...deps, store: { ...store, bulkExports } };
  const kickedOff = kickOff(cutOff, { exportId: record.id, signal: AbortSignal.timeout(30_000) });
  await waitFor(async () => (await cases.control.exports()).length === 1);
  await waitFor(() => failedWrites > 0, { what: 'the first write that fails' });
  expect((await cases.read(record.id)).phase).toBe('kicking-off');
  await proxy.open();
  await kickedOff;
  expect(await cases.read(record.id)).toMatchObject({
    phase: 'exporting',
    statusUrl: expect.any(String),
    warnings: [],
  });
  expect(await cases.control.exports()).toHaveLength(1);
  await close();
});

test.concurrent('a kick-off whose process crashed or whose gateway gave up is sent again with a warning, because its status URL is lost #lost-kick-off', async () => {
  await using cases = await startUseCases();
  const { deps } = cases;
  const record = await cases.insertExport();
  const kickingOff = await deps.store.bulkExports.transition({ from: anyPhase(record), to: 'kicking-off' });
  await deps.store.bulkExports.update({ id: record.id, phase: 'kicking-off', change: { kickOffSentAt: new Date() } });
  expect(kickingOff?.phase).toBe('kicking-off');
  await kickOff(deps, { exportId: record.id, signal: AbortSignal.timeout(20_000) });
  const repeated = { phase: 'exporting', warnings: [{ code: 'kick-off-repeated' }] };
  expect(await cases.read(record.id)).toMatchObject(repeated);

  // A gateway that waited in vain for the EHR has passed the kick-off on.
  await cases.inject('export$', { kind: 'status', status: 504, body: '<html>', contentType: 'text/html' });
  const { id: exportId } = await cases.insertExport();
  const step = { exportId, signal: AbortSignal.timeout(20_000) };
  await expect(kickOff(deps, step)).rejects.toMatchObject({ code: 'ehr-unavailable' });
  await kickOff(deps, step);
  expect(await cases.read(exportId)).toMatchObject(repeated);
});

test.concurrent('an export whose kick-off was never sent or was refused has no warning #lost-kick-off', async () => {
  await using cases = await startUseCases();
  await cases.inject('export$', { kind: 'status', status: 503 });
  const { deps } = cases;
  const record = await cases.insertExport();
  const step = { exportId: record.id, signal: AbortSignal.timeout(20_000) };
  await expect(kickOff(deps, step)).rejects.toMatchObject({ code: 'ehr-unavailable' });
  await kickOff(deps, step);
  expect(await cases.read(record.id)).toMatchObject({ phase: 'exporting', warnings: [] });
});

test.concurrent('what the EHR refused of a kick-off is known although the process is killed right after the answer is stored', async () => {
  await using cases = await startUseCases();
  await cases.inject('export$', { kind: 'refuse-parameter', parameter: '_typeFilter' }, { times: 'always' });
  const { store } = cases.deps;
  const typeFilters = ['Observation?category=laboratory'];
  const request = {
    exportType: 'Patient' as const,
    resourceTypes: ['Observation'],
    typeFilters,
    allowUnfiltered: true,
  };
  const { id: exportId } = await cases.insertExport({ request });
  const killed = new Error('killed');
  let isStored = false;
  const bulkExports = withMethods(store.bulkExports, {
    async transition(change) {
      const changed = await store.bulkExports.transition(change);
      isStored ||= changed?.phase === 'exporting';
      return changed;
    },
    warn: async (warning) => (isStored ? Promise.reject(killed) : store.bulkExports.warn(warning)),
  });
  const deps = { ...cases.deps, store: { ...store, bulkExports } };
  await kickOff(deps, { exportId, signal: AbortSignal.timeout(20_000) }).catch(() => undefined);
  const { phase, warnings } = await cases.read(exportId);
  expect([phase, warnings]).toEqual([
    'exporting',
    [{ code: 'parameter-dropped', message: expect.stringContaining('_typeFilter') }],
  ]);
  const events = await store.bulkExports.listEvents(exportId);
  expect(events.filter(({ kind }) => kind === 'warning').map(({ code }) => code)).toEqual(['parameter-dropped']);
});

test.concurrent('an outage of MongoDB before a kick-off is not the reason of a wait, which would be for the EHR', async () => {
  await using cases = await startUseCases();
  const { store } = cases.deps;
  const { id: exportId } = await cases.insertExport();
  const outage = Object.assign(new Error('closed'), { name: 'MongoNetworkError' });
  const connections = withMethods(store.connections, { findWithSecrets: () => Promise.reject(outage) });
  const deps = { ...cases.deps, store: { ...store, connections } };
  const context = { retryAt: firstAttempt, endSignal: AbortSignal.timeout(20_000) };
  await expect(runJob(deps, kickOffWork, { exportId }, context)).rejects.toBe(outage);
  expect((await cases.read(exportId)).retrying).toBeUndefined();
  expect(await cases.control.exports()).toEqual([]);
});
