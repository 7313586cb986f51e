import { fileURLToPath } from 'node:url';
import { openDatabase } from '@bulkhead/store/testing';
import { waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { spawnWorker } from '../harness/spawn-worker.ts';
import { startSystem } from '../harness/start-system.ts';
import { splitErased } from './erasure-cases.fixture.ts';

const entry = fileURLToPath(new URL('../harness/erasing-worker.ts', import.meta.url));
const types = ['Patient', 'Observation', 'Condition'];

/** Starts an export whose worker is frozen while it writes, and a second worker that erases. */
async function startFrozen() {
  await using starting = new AsyncDisposableStack();
  const system = starting.use(
    await startSystem({
      simulator: { patients: 300 },
      env: { WORKER_LOCK_MS: '2000', WORKER_DOCUMENTS: 'off' },
    }),
  );
  const database = starting.use(await openDatabase(system.env.MONGODB_URI ?? ''));
  const writer = starting.use(spawnWorker(system.env));
  const exportId = await system.startExport({ resourceTypes: types });
  await waitFor(async () => (await database.db.collection('Observation').countDocuments()) > 50, {
    timeoutMs: 60_000,
    what: 'the first batches',
  });
  writer.freeze();
  starting.use(spawnWorker({ ...system.env, WORKER_QUEUES: 'maintenance' }, { entry }));
  const started = starting.move();
  return { system, database, writer, exportId, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

type Frozen = Awaited<ReturnType<typeof startFrozen>>;

interface Erasing {
  readonly id: string;
  readonly phase: string;
  readonly waitsFor?: readonly { readonly id: string }[];
}

/** Erases, and waits until only the frozen worker is waited for. @returns how to read the erasure */
async function eraseWhileFrozen({ system, writer }: Frozen, path: string) {
  const { body } = await system.request('DELETE', path);
  const read = async (): Promise<Erasing> =>
    (await system.request('GET', `/api/ehr/erasures/${body.data.id}`)).body.data;
  await waitFor(async () => (await read()).waitsFor?.length === 1, {
    timeoutMs: 60_000,
    what: 'an erasure that waits for the frozen worker only',
  });
  expect(await read()).toMatchObject({ phase: 'running', waitsFor: [{ kind: 'worker', pid: writer.pid }] });
  return read;
}

async function endsCompleted(read: () => Promise<{ readonly phase: string }>): Promise<void> {
  await waitFor(async () => (await read()).phase === 'completed', {
    timeoutMs: 90_000,
    what: 'the end of the erasure',
  });
  expect(await read()).not.toHaveProperty('waitsFor');
}

const mentions = async ({ database }: Frozen, text: string): Promise<string[]> =>
  [...splitErased(await database.dump()).others]
    .filter(([key, value]) => `${key} ${value}`.includes(text))
    .map(([key]) => key);

interface Ending {
  readonly how: string;
  readonly end: (frozen: Frozen, erasure: Erasing) => unknown;
}

const endings: readonly Ending[] = [
  { how: 'has continued', end: ({ writer }) => writer.resume() },
  { how: 'was killed', end: ({ writer }) => writer.kill() },
  {
    how: 'is gone, as an operator confirms',
    async end({ system }, { id, waitsFor }) {
      const body = { processId: waitsFor?.[0]?.id };
      const { status } = await system.request('POST', `/api/ehr/erasures/${id}/confirm-stopped`, body);
      expect(status).toBe(200);
    },
  },
];

test.each(endings)(
  'a purge ends only after a worker that was frozen while it wrote $how, and leaves nothing',
  async ({ end }) => {
    await using frozen = await startFrozen();
    const { connectionId } = frozen.system;
    const read = await eraseWhileFrozen(frozen, `/api/ehr/connections/${connectionId}?data=purge`);
    await end(frozen, await read());
    await endsCompleted(read);
    const kinds = new Set((await mentions(frozen, connectionId)).map((key) => key.split('/')[0]));
    expect([...kinds].toSorted()).toEqual(['audit_events', 'erasures']);
  },
  240_000,
);

test('a worker that was frozen during an export stores no patient who is kept out since', async () => {
  await using frozen = await startFrozen();
  const { system, exportId, writer, database } = frozen;
  const { connectionId } = system;
  await system.request('DELETE', `/api/ehr/athenahealth/bulk-export/${exportId}`);
  // Of the last batch, so that the worker is likely to write more of this patient.
  const [last] = await database.db.collection('Observation').find().sort({ storedAt: -1 }).limit(1).toArray();
  const patientId = String(last?.keys.patient);
  const read = await eraseWhileFrozen(
    frozen,
    `/api/ehr/connections/${connectionId}/patients/${patientId}?keepOut=true`,
  );
  writer.resume();
  await endsCompleted(read);
  const keys = [...(await mentions(frozen, `"${patientId}"`)), ...(await mentions(frozen, `Patient/${patientId}"`))];
  // The audit log keeps whose data was erased.
  expect(keys.filter((key) => !key.startsWith('audit_events/'))).toEqual([]);
}, 240_000);
