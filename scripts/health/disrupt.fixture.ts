import { randomUUID } from 'node:crypto';
import { newId } from '@bulkhead/base';
import { makeBulkExport } from '@bulkhead/imports/export/testing';
import { makeSchedule } from '@bulkhead/imports/schedules/testing';
import { sweepJob } from '@bulkhead/monitoring/jobs';
import { connectRedis, Producer } from '@bulkhead/queues';
import type { Store } from '@bulkhead/system';
import { anyPhase, waitFor } from '@bulkhead/testing';
import { createApiClient } from '../system/api-client.ts';
import type { TestSystem } from '../test-system/start-test-system.ts';

const minutes = 60_000;
const hours = 60 * minutes;
const days = 24 * hours;

interface Disrupted {
  readonly system: TestSystem;
  readonly store: Store;
  readonly producer: Producer;
  /** Adds a connection of its own, so that one fault does not show as another. */
  addConnection(testedMsAgo?: number): Promise<string>;
}

/** What goes wrong, by the check that must notice it. */
export interface Disruption {
  readonly check: string;
  readonly what: string;
  readonly disrupt: (disrupted: Disrupted) => Promise<void>;
}

/** Real faults, while workers run. */
const withWorkers: readonly Disruption[] = [
  {
    check: 'failed-jobs',
    what: 'jobs of one kind fail',
    async disrupt({ producer }) {
      const queue = producer.queues.find(({ name }) => name === 'webhook');
      for (let index = 0; index < 6; index++) await queue?.add('webhook.deliver', { unknown: index });
      await waitFor(async () => ((await queue?.getFailedCount()) ?? 0) >= 6, { what: 'failed jobs' });
    },
  },
  {
    check: 'tokens',
    what: 'the EHR refuses an access token',
    async disrupt({ system }) {
      const auth = { method: 'client_credentials', clientId: 'nobody', clientSecret: 'wrong' };
      const { id } = await send(system, '/api/ehr/connections', { provider: 'athenahealth', practiceId: '1', auth });
      await send(system, `/api/ehr/connections/${id}/test`, {});
    },
  },
  { check: 'connections', what: 'the last test of a connection failed', disrupt: async () => undefined },
  {
    check: 'pauses',
    what: 'the EHR answers 429 and asks for a pause',
    async disrupt({ system, store }) {
      const { connectionId } = system;
      const fault = { kind: 'status', status: 429, retryAfter: '600' };
      await system.simulator.inject('export$', fault);
      const body = { connectionId, resourceTypes: ['Patient'] };
      const { id } = await send(system, '/api/ehr/athenahealth/bulk-export', body);
      await waitFor(async () => (await store.bulkExports.find(id))?.retrying, { what: 'the delayed kick-off' });
      await system.simulator.inject('Patient$', fault);
      await send(system, `/api/ehr/connections/${connectionId}/test`, {});
    },
  },
  {
    check: 'budget',
    what: 'most requests of the day are used',
    async disrupt({ system }) {
      const redis = connectRedis({ url: system.redis.url, waiting: true, onError: () => undefined });
      const days = (await redis.keys('*:rate:*:day')).filter((key) => !key.includes('.token'));
      for (const key of days) await redis.hset(key, String(Math.floor(Date.now() / 600_000)), 95_000);
      redis.disconnect();
    },
  },
];

/** Planted records, after the workers have stopped, so that no worker repairs them. */
const withoutWorkers: readonly Disruption[] = [
  { check: 'workers', what: 'no worker runs', disrupt: async () => undefined },
  {
    check: 'sweep',
    what: 'the sweep is not scheduled',
    disrupt: ({ producer }) => producer.unschedule(sweepJob, {}),
  },
  {
    check: 'backlog',
    what: 'a job that takes seconds has waited for an hour',
    async disrupt({ producer }) {
      const queue = producer.queues.find(({ name }) => name === 'bulk-export');
      await queue?.add('export.resume', { exportId: 'job_none' }, { timestamp: Date.now() - hours });
    },
  },
  {
    check: 'failed-exports',
    what: 'the newest export of a connection failed',
    async disrupt({ store, addConnection }) {
      const connectionId = await addConnection();
      const record = makeBulkExport({ id: newId('job'), connectionId, createdAt: new Date() });
      await store.bulkExports.insert({ record, requestKey: record.id });
      const change = {
        completedAt: new Date(),
        error: { code: 'export-timeout' as const, message: 'It took too long.' },
      };
      await store.bulkExports.transition({ from: anyPhase(record), to: 'failed', change });
    },
  },
  {
    check: 'failed-syncs',
    what: 'the newest sync of a connection failed',
    async disrupt({ store, addConnection }) {
      const [connectionId, at] = [await addConnection(), new Date()];
      await store.syncRuns.insert({
        id: newId('sync'),
        connectionId,
        provider: 'athenahealth',
        phase: 'failed',
        version: 1,
        request: { includeStandard: true, includeEnhanced: true, resourceTypes: [], patients: [] },
        types: [],
        skipped: [],
        warnings: [],
        createdAt: at,
        completedAt: at,
      });
    },
  },
  {
    check: 'late-runs',
    what: 'an export has run for two days',
    async disrupt({ store, addConnection }) {
      const createdAt = new Date(Date.now() - 2 * days);
      const record = makeBulkExport({ connectionId: await addConnection(), phase: 'exporting', createdAt });
      await store.bulkExports.insert({ record, requestKey: record.id });
    },
  },
  {
    check: 'schedules',
    what: 'a schedule has missed its run',
    disrupt: (disrupted) => plantSchedule(disrupted, { dueInMs: -hours, createdMsAgo: 2 * hours }),
  },
  {
    check: 'lag',
    what: 'a scheduled connection has received nothing for 40 hours',
    disrupt: (disrupted) => plantSchedule(disrupted, { dueInMs: hours, createdMsAgo: 40 * hours }),
  },
  {
    check: 'connection-tests',
    what: 'the last test of a connection is 40 days old',
    disrupt: async ({ addConnection }) => void (await addConnection(40 * days)),
  },
  {
    check: 'quarantine',
    what: 'a line was quarantined',
    async disrupt({ store, system: { connectionId } }) {
      const bytes = Buffer.from('no resource');
      const place = { connectionId, runId: 'job_1', fileId: 'job_1.1', line: 1, offset: 0 };
      const line = { ...place, resourceType: 'Patient', reason: 'not-json', bytes, sizeBytes: bytes.length };
      await store.quarantine.put({ lines: [line], now: new Date() });
    },
  },
  {
    check: 'documents',
    what: 'a document failed',
    async disrupt({ store, system: { connectionId } }) {
      const [id, now] = [`doc_${randomUUID()}`, new Date()];
      await store.documents.note([
        {
          id,
          connectionId,
          resource: { type: 'DocumentReference', id: 'd1' },
          index: 0,
          fingerprint: 'f',
          state: 'pending',
          notes: [],
          attempts: 0,
          createdAt: now,
        },
      ]);
      await store.documents.fail({ id, error: { code: 'ehr-forbidden', message: 'Forbidden.' }, now });
    },
  },
  {
    check: 'webhooks',
    what: 'a webhook call failed',
    async disrupt({ store, system: { connectionId } }) {
      const now = new Date();
      await store.webhookDeliveries.insertMissing({
        id: `wh_${randomUUID()}`,
        connectionId,
        url: 'https://client.example/hook',
        type: 'bulk-export.failed',
        body: '{}',
        state: 'failed',
        attempts: [{ at: now, status: 500 }],
        createdAt: now,
      });
    },
  },
  {
    check: 'processes',
    what: 'a process is silent',
    disrupt: ({ store }) => plantProcess(store, { reportedAt: new Date(Date.now() - 2 * minutes) }),
  },
  {
    check: 'event-loop',
    what: 'a process was blocked',
    disrupt: ({ store }) => plantProcess(store, { counts: [{ name: 'stalls', count: 1 }] }),
  },
  {
    check: 'api-errors',
    what: 'the API answers with server errors',
    disrupt: ({ store }) => {
      const counts = [{ name: 'requests' as const, count: 10_000 }];
      return plantProcess(store, { counts: [...counts, { name: 'failed-requests', count: 9000 }] });
    },
  },
  {
    check: 'audit-stream',
    what: 'audit events are dropped',
    disrupt: ({ store }) => plantProcess(store, { counts: [{ name: 'dropped-audit-lines', count: 1 }] }),
  },
  {
    check: 'ehr-requests',
    what: 'most requests to an EHR fail',
    disrupt: ({ store }) => {
      const requests = { name: 'ehr-requests' as const, provider: 'athenahealth', count: 10_000 };
      return plantProcess(store, { counts: [requests, { ...requests, name: 'failed-ehr-requests', count: 9000 }] });
    },
  },
];

export const disruptions: readonly Disruption[] = [...withWorkers, ...withoutWorkers];

/** Disrupts everything at once. Each check must notice its own fault among all others. */
export async function disruptAll(system: TestSystem): Promise<void> {
  const { store } = system;
  const onError = () => undefined;
  const redis = connectRedis({ url: system.redis.url, waiting: true, onError });
  const producer = new Producer({ redis, prefix: system.prefix, onError });
  const addConnection = async (testedMsAgo = 0) => {
    const id = newId('conn');
    await store.connections.insert({
      id,
      name: id,
      provider: 'athenahealth',
      environment: 'production',
      auth: { method: 'none' },
      fhirEndpoint: system.simulator.fhirEndpoint,
      createdAt: new Date(),
    });
    const endedAt = new Date(Date.now() - testedMsAgo);
    await store.connections.saveTest({ id, test: { id: 'test_1', ok: true, endedAt, steps: [] } });
    return id;
  };
  const disrupted = { system, store, producer, addConnection };
  try {
    for (const { disrupt } of withWorkers) await disrupt(disrupted);
    // A worker reports what it has counted when it stops.
    await Promise.all(system.workers.map((worker) => worker.stop()));
    for (const { disrupt } of withoutWorkers) await disrupt(disrupted);
  } finally {
    await producer.close();
    redis.disconnect();
  }
}

/** @returns the data of the answer */
// biome-ignore lint/suspicious/noExplicitAny: the shape depends on the path.
export function send(system: TestSystem, path: string, body?: object): Promise<any> {
  return createApiClient(system)(body === undefined ? 'GET' : 'POST', path, body);
}

async function plantSchedule(
  { store, addConnection }: Disrupted,
  { dueInMs, createdMsAgo }: { readonly dueInMs: number; readonly createdMsAgo: number },
): Promise<void> {
  const connectionId = await addConnection();
  const nextRunAt = new Date(Date.now() + dueInMs);
  const createdAt = new Date(Date.now() - createdMsAgo);
  await store.schedules.insert(makeSchedule({ connectionId, nextRunAt, createdAt }));
}

async function plantProcess(store: Store, change: Partial<Parameters<Store['processStates']['save']>[0]>) {
  const now = new Date();
  await store.processStates.save({
    id: randomUUID(),
    kind: 'api',
    host: 'planted',
    pid: 1,
    startedAt: now,
    reportedAt: now,
    isStopped: false,
    down: [],
    counts: [],
    ...change,
  });
}
