import type { ConnectedEhrOptions } from '@bulkhead/connections/testing';
import { startConsumer } from '@bulkhead/queues/testing';
import { makeDocument } from '@bulkhead/records/testing';
import { waitFor } from '@bulkhead/testing';
import { createWebhookAddresses } from '@bulkhead/webhooks/commands';
import { SyncService } from '../read/sync.service.ts';
import { toSyncEventView, toSyncRunDetail } from '../read/sync-view.ts';
import { syncBodySchema } from '../start/sync.schema.ts';
import { syncWorks } from '../steps.ts';
import { startUseCases } from './start-use-cases.ts';

const operator = { isOperator: true };

/** Starts the commands of syncs and a worker of their queue, for tests of whole syncs by the real clock. */
export async function startRunningSyncs(options: ConnectedEhrOptions = {}) {
  const cases = await startUseCases({ realTime: true, ...options });
  const { deps, connections, registry, redis, prefix, connection, control } = cases;
  const { store, producer, logger } = deps;
  const { id: connectionId, provider } = connection;
  const service = new SyncService({
    store,
    producer,
    connections,
    registry,
    addresses: createWebhookAddresses({ callsPrivateNetwork: async () => true }),
    readPause: async () => undefined,
  });
  const reference = (id: string) => ({ provider, id, scope: 'all' as const });
  const read = async (id: string) => toSyncRunDetail(await service.get(reference(id)), operator);
  const worker = startConsumer({ redis, prefix, queues: ['sync'], jobs: syncWorks, deps, logger });
  const stop = async () => {
    await worker.stop();
    await cases.stop();
  };
  return {
    ...cases,
    store,
    connectionId,
    /** Stores the patients, as an export of them does. */
    async storePatients(): Promise<void> {
      const patients = (await control.lines('Patient')).map((line) => makeDocument(line, { connectionId }));
      await store.resourceWriter.write('Patient', patients);
    },
    /** Starts a sync. @returns its id */
    async start(body: object = {}, by?: string): Promise<string> {
      const parsed = syncBodySchema.parse({ connectionId, ...body });
      return (await service.start({ provider, scope: 'all', body: parsed, waitMs: 0, by })).run.id;
    },
    read,
    /** Waits until what the API shows of a run is as described. */
    when: (id: string, isReached: (run: Awaited<ReturnType<typeof read>>) => unknown) =>
      waitFor(
        async () => {
          const run = await read(id);
          return isReached(run) ? run : undefined;
        },
        { timeoutMs: 90_000, what: id },
      ),
    cancel: (id: string, by?: string) => service.cancel({ ...reference(id), by }),
    retry: (id: string, by?: string) => service.retry({ ...reference(id), by }),
    log: async (id: string, reader = operator) =>
      (await service.listEvents(reference(id))).map((event) => toSyncEventView(event, reader)),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
