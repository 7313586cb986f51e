import { IdempotencyService } from '@bulkhead/access/idempotency/commands';
import type { ConnectedEhrOptions } from '@bulkhead/connections/testing';
import { startConsumer } from '@bulkhead/queues/testing';
import { waitFor } from '@bulkhead/testing';
import { createWebhookAddresses } from '@bulkhead/webhooks/commands';
import { BulkExportService } from '../read/bulk-export.service.ts';
import { type ExportView, toEventView, toStatusView } from '../read/export-view.ts';
import { toStartedView } from '../read/started-view.ts';
import { bulkExportRequestSchema } from '../start/export-request.schema.ts';
import { createStartExport, type StartRequest } from '../start/start-export.ts';
import { exportWorks } from '../steps.ts';
import { startUseCases, type UseCases } from './start-use-cases.ts';

/** `await using` stops it at the end of a test, so that tests can run at once. */
export type RunningExports = Awaited<ReturnType<typeof startRunningExports>>;

const operator = { isOperator: true };

/** Starts the commands of exports and a worker of their queues, for tests of whole exports by the real clock. */
export async function startRunningExports(
  options: ConnectedEhrOptions & {
    /** Default: true. Otherwise the test starts it. */
    readonly hasWorker?: boolean;
    readonly kickOffWaitMs?: number;
    /** Creates what reads whether the EHR has asked for a pause. Default: it never has. */
    readonly createPauseReader?: (cases: UseCases) => ConstructorParameters<typeof BulkExportService>[0]['readPause'];
  } = {},
) {
  const { hasWorker = true, kickOffWaitMs } = options;
  const simulator = { patients: 10, exportSeconds: 0.2, ...options.simulator };
  const cases = await startUseCases({ realTime: true, ...options, simulator });
  const { connections, registry, redis, prefix, connection } = cases;
  const { store, producer, logger } = cases.deps;
  const deps = { ...cases.deps, pollIntervalMs: 250 };
  const readPause = options.createPauseReader?.(cases) ?? (async () => undefined);
  const idempotency = new IdempotencyService({ store });
  const addresses = createWebhookAddresses({ callsPrivateNetwork: async () => true });
  const shared = { store, producer, registry, connections };
  const startExport = createStartExport({ ...shared, idempotency, addresses, kickOffWaitMs });
  const service = new BulkExportService({ ...shared, readPause });
  const reference = (id: string) => ({ provider: connection.provider, id, scope: 'all' as const });
  const workers: ReturnType<typeof startConsumer>[] = [];
  const startWorker = () => {
    const queues = ['bulk-export', 'file-download'] as const;
    workers.push(startConsumer({ redis, prefix, queues, jobs: exportWorks, deps, logger }));
  };
  const start = async (body: object = {}, command: Pick<StartRequest, 'by' | 'idempotency'> = {}) => {
    const { record } = await startExport({
      provider: connection.provider,
      scope: 'all',
      ...command,
      body: bulkExportRequestSchema.parse({ connectionId: connection.id, ...body }),
    });
    return record;
  };
  const readView = async (id: string): Promise<ExportView> => {
    const files = await service.listFiles(reference(id));
    return toStatusView({ ...(await service.get(reference(id))), files, ...operator });
  };
  const stop = async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await cases.stop();
  };
  if (hasWorker) startWorker();
  return {
    ...cases,
    store,
    connectionId: connection.id,
    startWorker,
    /** Starts an export. @returns what the API answers */
    start: async (...request: Parameters<typeof start>) => toStartedView(await start(...request)),
    /** Starts an export. @returns its id */
    startExport: async (...request: Parameters<typeof start>) => (await start(...request)).id,
    cancel: async (id: string, by?: string) =>
      toStatusView({ ...(await service.cancel({ ...reference(id), by })), ...operator }),
    retry: async (id: string, by?: string) =>
      toStatusView({ ...(await service.retry({ ...reference(id), by })), ...operator }),
    /** What the API shows of an export. */
    readView,
    /** Waits until an export is no longer in progress. @returns what the API shows of it */
    settled: (id: string): Promise<ExportView> =>
      waitFor(
        async () => {
          const view = await readView(id);
          return view.status === 'IN_PROGRESS' ? undefined : view;
        },
        { timeoutMs: 90_000, what: `the end of ${id}` },
      ),
    log: async (id: string, reader = operator) =>
      (await service.listEvents(reference(id))).map((event) => toEventView(event, reader)),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
