import { createHash } from 'node:crypto';
import { AppError, type BulkExport, isTerminal, noCounts, type OutputFile } from '@bulkhead/domain';
import type { ProviderRegistry } from '@bulkhead/ehr-client';
import type { Producer } from '@bulkhead/queues';
import type { Store } from '@bulkhead/store';
import type { BulkExportBody } from './bulk-export.schema.ts';
import type { ConnectionService } from './connection.service.ts';
import { newId } from './new-id.ts';
import { unavailable } from './unavailable.ts';
import { waitUntil } from './wait-until.ts';

/** So that the answer to a POST has the guide's `statusUrl`; a kick-off takes some hundred milliseconds. */
const defaultKickOffWaitMs = 5000;

export type BulkExportService = ReturnType<typeof createBulkExportService>;

/** Starts exports and tells how they are; the work is the workers'. */
export function createBulkExportService(options: {
  readonly store: Store;
  readonly producer: Producer;
  readonly connections: ConnectionService;
  readonly registry: ProviderRegistry;
  /** How long a start waits for its kick-off; tests without a worker do not. */
  readonly kickOffWaitMs?: number | undefined;
}) {
  const { store, producer, connections, registry, kickOffWaitMs = defaultKickOffWaitMs } = options;

  const find = async ({ provider, id }: { readonly provider: string; readonly id: string }): Promise<BulkExport> => {
    registry.get(provider);
    const record = await store.bulkExports.find(id);
    if (record?.provider === provider) return record;
    throw new AppError({
      code: 'unknown-export',
      message: 'There is no such export. Use the id that the POST answered.',
      retry: 'never',
    });
  };

  return {
    /**
     * Stores the export, hands it to the workers and waits a moment for its kick-off.
     * @throws AppError `unknown-provider`, `unknown-connection`, `export-already-running`, `unavailable`
     */
    async start({ provider, body }: { readonly provider: string; readonly body: BulkExportBody }): Promise<BulkExport> {
      const connection = await connections.find({ provider, id: body.connectionId });
      await producer.ping().catch((cause: unknown) => {
        throw unavailable(cause);
      });
      const record = newExport({ provider, body });
      await store.bulkExports.insert({ record, requestKey: requestKey(record) });
      try {
        await producer.enqueue('export.kick-off', { exportId: record.id });
      } catch (cause) {
        await withdraw(store, record);
        throw unavailable(cause);
      }
      const started = await waitUntil(async () => {
        const current = await store.bulkExports.find(record.id);
        return current?.statusUrl !== undefined || (current && isTerminal(current.phase)) ? current : undefined;
      }, kickOffWaitMs);
      return started ?? (await find({ provider: connection.provider, id: record.id }));
    },

    /** The export with its counts as of now. */
    async get(which: { readonly provider: string; readonly id: string }): Promise<BulkExport> {
      const record = await find(which);
      const isDownloading = record.phase === 'downloading' || record.phase === 'finalizing';
      return isDownloading ? { ...record, counts: await store.outputFiles.sum(record.id) } : record;
    },

    /** The ledger: one entry per file of the manifest. */
    async listFiles(which: { readonly provider: string; readonly id: string }): Promise<OutputFile[]> {
      const record = await find(which);
      return store.outputFiles.listByExport(record.id);
    },
  };
}

function newExport({ provider, body }: { readonly provider: string; readonly body: BulkExportBody }): BulkExport {
  const { connectionId, exportType, resourceTypes = [], since } = body;
  return {
    id: newId('job'),
    connectionId,
    provider,
    request: { exportType, resourceTypes, ...(since === undefined ? {} : { since }) },
    phase: 'queued',
    version: 1,
    pollCount: 0,
    pollErrors: 0,
    droppedParameters: [],
    warnings: [],
    counts: noCounts,
    createdAt: new Date(),
  };
}

/** Equal for requests that would bring the same data. */
function requestKey({ request: { exportType, resourceTypes, since } }: BulkExport): string {
  // One instant has many spellings.
  const sinceMs = since === undefined ? null : Date.parse(since);
  const asked = JSON.stringify([exportType, resourceTypes.toSorted(), sinceMs]);
  return createHash('sha256').update(asked).digest('base64url').slice(0, 22);
}

/** The client is told that nothing was accepted, so nothing may run. If even this fails, the sweep runs it: not lost either. */
async function withdraw(store: Store, record: BulkExport): Promise<void> {
  await store.bulkExports.transition({
    from: record,
    to: 'failed',
    change: {
      error: { code: 'unavailable', message: 'The queue was away when the export was asked for. Ask again.' },
      completedAt: new Date(),
    },
  });
}
