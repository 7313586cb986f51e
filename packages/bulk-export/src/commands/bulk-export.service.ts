import type { ConnectionService } from '@bulkhead/connections/commands';
import type { ProviderRegistry } from '@bulkhead/providers';
import type { Producer } from '@bulkhead/queues';
import { AppError, unavailable, waitUntil } from '@bulkhead/runtime';
import { type ConnectionScope, isInScope } from '@bulkhead/store';
import { checkCallback } from '@bulkhead/webhooks/commands';
import type { BulkExport } from '../bulk-export.record.ts';
import { isTerminal, phasesOf } from '../bulk-export-phase.ts';
import type { OutputFile } from '../output-file.record.ts';
import type { BulkExportStore } from '../store.ts';
import type { Watermark } from '../watermarks/watermark.ts';
import { acceptOnce, type Idempotency } from './accept-once.ts';
import type { BulkExportBody, BulkExportQuery } from './bulk-export.schema.ts';
import { cancelExport } from './cancel-export.ts';
import { digest, newExport, requestKey } from './new-export.ts';
import { retryExport } from './retry-export.ts';
import { type ExportLook, type Summed, watchExport } from './watch-export.ts';

export interface WhichExport {
  readonly provider: string;
  readonly id: string;
  readonly scope: ConnectionScope;
}

export interface StartRequest {
  readonly provider: string;
  readonly body: BulkExportBody;
  readonly scope: ConnectionScope;
  readonly idempotency?: Idempotency | undefined;
}

export interface StartedExport {
  readonly record: BulkExport;
  /** It was started by an earlier request with the same Idempotency-Key. */
  readonly isRepeated: boolean;
}

/** So that the answer to a POST has the guide's `statusUrl`; a kick-off takes some hundred milliseconds. */
const defaultKickOffWaitMs = 5000;

export type BulkExportService = ReturnType<typeof createBulkExportService>;

/** Starts exports and tells how they are; the work is the workers'. */
export function createBulkExportService(options: {
  readonly store: BulkExportStore;
  readonly producer: Producer;
  readonly connections: ConnectionService;
  readonly registry: ProviderRegistry;
  /** How long a start waits for its kick-off; tests without a worker do not. */
  readonly kickOffWaitMs?: number | undefined;
}) {
  const { store, producer, connections, registry, kickOffWaitMs = defaultKickOffWaitMs } = options;

  const find = async ({ provider, id, scope }: WhichExport): Promise<BulkExport> => {
    registry.get(provider);
    const record = await store.bulkExports.find(id);
    if (record?.provider === provider && isInScope(scope, record.connectionId)) return record;
    throw new AppError({
      code: 'unknown-export',
      message: 'There is no such export. Use the id that the POST answered. Ended exports are deleted after a time.',
      retry: 'never',
    });
  };

  const accept = async (record: BulkExport): Promise<void> => {
    await store.bulkExports.insert({ record, requestKey: requestKey(record.request) });
    try {
      await producer.enqueue('export.kick-off', { exportId: record.id });
    } catch (cause) {
      await withdraw(store, record);
      throw unavailable(cause);
    }
  };

  /** The export once it is kicked off, or as it is when the wait is over. */
  const kickedOff = async (which: WhichExport): Promise<BulkExport> => {
    const started = await waitUntil(async () => {
      const current = await store.bulkExports.find(which.id);
      return current?.statusUrl !== undefined || (current && isTerminal(current.phase)) ? current : undefined;
    }, kickOffWaitMs);
    return started ?? find(which);
  };

  const sum = async (record: BulkExport): Promise<Summed> => {
    if (record.transactionTime === undefined) return { record, issues: [] };
    const isDownloading = record.phase === 'downloading' || record.phase === 'finalizing';
    const counts = isDownloading ? await store.outputFiles.sum(record.id) : record.counts;
    return { record: { ...record, counts }, issues: await store.outputFiles.sumIssues(record.id) };
  };

  return {
    /** Up to when each type of a connection is wholly stored, by export level. @throws AppError `unknown-connection` */
    async watermarks(which: { readonly id: string; readonly scope: ConnectionScope }): Promise<Watermark[]> {
      await connections.find(which);
      return store.watermarks.list({ connectionId: which.id });
    },

    /** The export with its counts as of now. */
    get: async (which: WhichExport): Promise<Summed> => sum(await find(which)),

    /** Each call looks at the export, and at the files that have moved since the last one. @throws AppError `unknown-export` */
    watch: (which: WhichExport): (() => Promise<ExportLook>) =>
      watchExport({ store, exportId: which.id, find: () => find(which), sum }),

    /**
     * Stores the export, hands it to the workers and waits a moment for its kick-off. The same request under the same
     * Idempotency-Key gives the export that the first one started.
     * @throws AppError `unknown-provider`, `unknown-connection`, `export-already-running`, `idempotency-key-reused`,
     * `unavailable`
     */
    async start(request: StartRequest): Promise<StartedExport> {
      const { provider, body, scope, idempotency } = request;
      await connections.find({ provider, id: body.connectionId, scope });
      await checkCallback({ store, ...body });
      await producer.ping().catch((cause: unknown) => {
        throw unavailable(cause);
      });
      const fresh = await newExport({ store, provider, body });
      const { recordId, isRepeated } = await acceptOnce({
        store,
        idempotency,
        requestHash: digest([provider, body]),
        recordId: fresh.id,
        isThere: async (id) => (await store.bulkExports.find(id)) !== undefined,
      });
      const record = { ...fresh, id: recordId };
      if (!isRepeated) {
        try {
          await accept(record);
        } catch (error) {
          if (idempotency) await store.idempotencyKeys.release({ ...idempotency, recordId });
          throw error;
        }
      }
      return { record: await kickedOff({ provider, id: record.id, scope }), isRepeated };
    },

    /** @throws AppError `unknown-export`, `export-ended` */
    cancel: (which: WhichExport) => cancelExport({ store, producer, find: () => find(which) }),

    /** @throws AppError `unknown-export`, `nothing-to-retry`, `export-already-running` */
    retry: (which: WhichExport) => retryExport({ store, producer, find: () => find(which) }),

    /** One page, newest first; `next` is there where more follow. @throws AppError `unknown-connection` */
    async list({ provider, scope, query }: Omit<WhichExport, 'id'> & { readonly query: BulkExportQuery }) {
      registry.get(provider);
      const { connectionId, status, after, limit } = query;
      if (connectionId !== undefined) await connections.find({ provider, id: connectionId, scope });
      const phases = status && phasesOf(status);
      const found = await store.bulkExports.list({ provider, connectionId, phases, scope, after, limit: limit + 1 });
      const page = found.slice(0, limit);
      return { exports: page, next: found.length > limit ? page.at(-1)?.id : undefined };
    },

    /** The ledger: one entry per file of the manifest. */
    async listFiles(which: WhichExport): Promise<OutputFile[]> {
      const record = await find(which);
      return store.outputFiles.listByExport(record.id);
    },
  };
}

/** The client is told that nothing was accepted, so nothing may run. If even this fails, the sweep runs it: not lost either. */
async function withdraw(store: BulkExportStore, record: BulkExport): Promise<void> {
  await store.bulkExports.transition({
    from: record,
    to: 'failed',
    change: {
      error: { code: 'unavailable', message: 'The queue was away when the export was asked for. Ask again.' },
      completedAt: new Date(),
    },
  });
}
