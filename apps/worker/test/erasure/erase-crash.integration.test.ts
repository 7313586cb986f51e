import { fileURLToPath } from 'node:url';
import { openDatabase } from '@bulkhead/store/testing';
import { waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { spawnWorker } from '../harness/spawn-worker.ts';
import { startSystem } from '../harness/start-system.ts';

const entry = fileURLToPath(new URL('../harness/erasing-worker.ts', import.meta.url));

test('an erasure whose worker is killed is completed by the next worker', async () => {
  await using system = await startSystem({
    simulator: { patients: 100 },
    env: { WORKER_LOCK_MS: '2000', WORKER_DOCUMENTS: 'off' },
  });
  const { connectionId } = system;
  await using first = spawnWorker(system.env, { entry });
  await system.settled(await system.startExport());
  const { body } = await system.request('DELETE', `/api/ehr/connections/${connectionId}?data=purge`);
  const read = async () => (await system.request('GET', `/api/ehr/erasures/${body.data.id}`)).body.data;
  await waitFor(async () => Object.keys((await read()).deleted.resources).length > 0, {
    timeoutMs: 40_000,
    what: 'a running erasure',
  });
  await first.kill();
  expect(await read()).toMatchObject({ phase: 'running' });
  await using _next = spawnWorker(system.env, { entry });
  await waitFor(async () => (await read()).phase === 'completed', {
    timeoutMs: 120_000,
    what: 'the end of the erasure',
  });
  await using database = await openDatabase(system.env.MONGODB_URI ?? '');
  const remaining = [...(await database.dump())].filter(([key, text]) => `${key} ${text}`.includes(connectionId));
  const kinds = new Set(remaining.map(([key]) => key.split('/')[0]));
  expect([...kinds].toSorted()).toEqual(['audit_events', 'erasures']);
}, 240_000);
