import type { ConnectionStore } from '@bulkhead/connections';
import type { ConnectionService } from '@bulkhead/connections/commands';
import type { ProviderRegistry } from '@bulkhead/providers';
import type { Producer } from '@bulkhead/queues';
import type { RequestPause } from '@bulkhead/runs/commands';
import { usualKeptMs } from '@bulkhead/runs/commands';
import { createSharedWait, keepFor, keepForKey, readPage, unavailable } from '@bulkhead/runtime';
import { type ConnectionScope, isInScope } from '@bulkhead/store';
import { checkCallback } from '@bulkhead/webhooks/commands';
import type { BulkExport, ExportEvent } from '../bulk-export.record.ts';
import { isTerminal, phasesOf } from '../bulk-export-phase.ts';
import { exportError } from '../errors.ts';
import type { OutputFile } from '../output-file.record.ts';
import type { BulkExportStore } from '../store.ts';
import type { Watermark } from '../watermarks/watermark.ts';
import type { BulkExportBody, BulkExportQuery } from './bulk-export.schema.ts';
import { cancelExport, retryExport } from './cancel-and-retry.ts';
import type { ProgressContext } from './export-activity.ts';
import { acceptOnce, digest, type Idempotency, newExport, requestKey } from './new-export.ts';
import { type ExportProgress, type ExportSnapshot, watchExport } from './watch-export.ts';

export interface ExportReference {
  readonly provider: string;
  readonly id: string;
  readonly scope: ConnectionScope;
}

/** An export, and who asks for something to be done with it: the name of an API key. */
export interface ExportCommand extends ExportReference {
  readonly by?: string | undefined;
}

export interface StartRequest {
  readonly provider: string;
  readonly body: BulkExportBody;
  readonly scope: ConnectionScope;
  readonly idempotency?: Idempotency | undefined;
  readonly by?: string | undefined;
}

export interface StartedExport {
  readonly record: BulkExport;
  /** An earlier request with the same Idempotency-Key has started the export. */
  readonly isRepeated: boolean;
}

/** A kick-off takes some hundred milliseconds. The POST waits for it, because its response has a `statusUrl` in the guide. */
const defaultKickOffWaitMs = 5000;

/** One check a second costs nothing. If an outage begins after it, the stored export is withdrawn. */
const queueCheckMs = 1000;

/** Pages and clients look every second. */
const waitingKeptMs = 1000;

/** Starts and reads exports for the API. The workers do the work. */
export function createBulkExportService(options: {
  readonly store: BulkExportStore & Pick<ConnectionStore, 'connections'>;
  readonly producer: Producer;
  readonly connections: ConnectionService;
  readonly registry: ProviderRegistry;
  /** How long a start waits for its kick-off. Tests without a worker do not wait. */
  readonly kickOffWaitMs?: number | undefined;
  /** Reads whether the EHR of a connection has asked for a pause. */
  readonly readPause: (connectionId: string) => Promise<RequestPause | undefined>;
}) {
  const { store, producer, connections, registry, readPause, kickOffWaitMs = defaultKickOffWaitMs } = options;

  const find = async ({ provider, id, scope }: ExportReference): Promise<BulkExport> => {
    registry.get(provider);
    const record = await store.bulkExports.find(id);
    if (record?.provider === provider && isInScope(scope, record.connectionId)) return record;
    throw exportError('unknown-export');
  };

  const accept = async (record: BulkExport, by: string | undefined): Promise<void> => {
    await store.bulkExports.insert({ record, requestKey: requestKey(record.request), by });
    try {
      await producer.enqueue('export.kick-off', { exportId: record.id });
    } catch (cause) {
      await withdraw(store, record);
      throw unavailable(cause);
    }
  };

  /** Refuses a start while Redis is unavailable or stores nothing, before anything is stored. */
  const checkQueue = keepFor(queueCheckMs, () => producer.checkWritable());

  const waitForKickOff = createSharedWait({ readReady: (ids) => store.bulkExports.findKickedOff(ids) });

  /** Waits until the export is kicked off. @returns its current state if the wait is over before that */
  const kickedOff = async (reference: ExportReference): Promise<BulkExport> =>
    (await waitForKickOff(reference.id, kickOffWaitMs)) ?? find(reference);

  const readUsual = keepForKey(usualKeptMs, (connectionId) => store.bulkExports.usualMs(connectionId));
  const countWaiting = keepFor(waitingKeptMs, () => producer.countWaiting('file-download'));
  /** Redis may be unavailable. The rest of the status is worth showing. */
  const findPause = async ({ phase, connectionId }: Pick<BulkExport, 'phase' | 'connectionId'>) =>
    isTerminal(phase) ? undefined : readPause(connectionId).catch(() => undefined);
  const readSurroundings = async ({ phase, connectionId }: BulkExport): Promise<ProgressContext> => {
    if (isTerminal(phase)) return {};
    const pause = await findPause({ phase, connectionId });
    if (phase === 'exporting') return { pause, usualMs: await readUsual(connectionId) };
    if (phase !== 'downloading') return { pause };
    return { pause, waitingDownloads: await countWaiting().catch(() => undefined) };
  };

  const sum = async (record: BulkExport): Promise<ExportProgress> => {
    const context = await readSurroundings(record);
    if (record.transactionTime === undefined) return { ...context, record, issues: [] };
    const isDownloading = record.phase === 'downloading' || record.phase === 'finalizing';
    const counts = isDownloading ? await store.outputFiles.sum(record.id) : record.counts;
    const issues = await store.outputFiles.sumIssues(record.id);
    return { ...context, record: { ...record, counts }, issues };
  };

  return {
    /** Lists the watermarks of a connection. @throws AppError `unknown-connection` */
    async watermarks(connection: { readonly id: string; readonly scope: ConnectionScope }): Promise<Watermark[]> {
      await connections.find(connection);
      return store.watermarks.list({ connectionId: connection.id });
    },

    /** Reads an export with its current counts. */
    get: async (reference: ExportReference): Promise<ExportProgress> => sum(await find(reference)),

    /** Returns a function that reads the export and the files that have changed since its last call. @throws AppError `unknown-export` */
    watch: (reference: ExportReference): (() => Promise<ExportSnapshot>) =>
      watchExport({ store, exportId: reference.id, find: () => find(reference), sum }),

    /**
     * Stores the export, enqueues its kick-off and waits some seconds for it. If the request is repeated with the same Idempotency-Key,
     * the export that the first one started is returned.
     * @throws AppError `unknown-provider`, `unknown-connection`, `export-already-running`, `idempotency-key-reused`,
     * `unavailable`
     */
    async start(request: StartRequest): Promise<StartedExport> {
      const { provider, body, scope, idempotency, by } = request;
      await connections.find({ provider, id: body.connectionId, scope });
      await checkCallback({ store, ...body });
      await checkQueue().catch((cause: unknown) => {
        throw unavailable(cause);
      });
      const created = await newExport({ store, provider: registry.get(provider), body });
      const { recordId, isRepeated } = await acceptOnce({
        store,
        idempotency,
        requestHash: digest([provider, body]),
        recordId: created.id,
        isStored: async (id) => (await store.bulkExports.find(id)) !== undefined,
      });
      const record = { ...created, id: recordId };
      if (!isRepeated) {
        try {
          await accept(record, by);
        } catch (error) {
          if (idempotency) await store.idempotencyKeys.release({ ...idempotency, recordId });
          throw error;
        }
      }
      return { record: await kickedOff({ provider, id: record.id, scope }), isRepeated };
    },

    /** @throws AppError `unknown-export`, `export-ended` */
    cancel: ({ by, ...reference }: ExportCommand) => cancelExport({ store, producer, find: () => find(reference), by }),

    /** @throws AppError `unknown-export`, `nothing-to-retry`, `export-already-running` */
    retry: ({ by, ...reference }: ExportCommand) => retryExport({ store, producer, find: () => find(reference), by }),

    /** Reads one page, newest first. `next` is undefined on the last page. @throws AppError `unknown-connection` */
    async list({ provider, scope, query }: Omit<ExportReference, 'id'> & { readonly query: BulkExportQuery }) {
      registry.get(provider);
      const { connectionId, status } = query;
      if (connectionId !== undefined) await connections.find({ provider, id: connectionId, scope });
      const phases = status && phasesOf(status);
      const { items, next } = await readPage(query, {
        ids: /^job_/,
        read: (page) => store.bulkExports.list({ provider, connectionId, phases, scope, ...page }),
      });
      const withPause = async (record: BulkExport) => ({ record, pause: await findPause(record) });
      return { items: await Promise.all(items.map(withPause)), next };
    },

    /** Lists what happened to an export, oldest first. @throws AppError `unknown-export` */
    async listEvents(reference: ExportReference): Promise<ExportEvent[]> {
      const { id } = await find(reference);
      return store.bulkExports.listEvents(id);
    },

    /** Reads the ledger: one entry for each file of the manifest. */
    async listFiles(reference: ExportReference): Promise<OutputFile[]> {
      const record = await find(reference);
      return store.outputFiles.listByExport(record.id);
    },
  };
}

/** The client gets an error, so the export must not run. If this update fails too, the sweep runs the export, so it is not lost. */
async function withdraw(store: BulkExportStore, record: BulkExport): Promise<void> {
  await store.bulkExports.transition({
    from: record,
    to: 'failed',
    change: {
      error: {
        code: 'unavailable',
        message: 'The queue was unavailable when the export was requested. Start the export again.',
      },
      completedAt: new Date(),
    },
  });
}
