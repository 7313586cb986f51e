import type { IdempotencyService } from '@bulkhead/access/idempotency/commands';
import { createSharedWait, keepFor, keepForKey, unavailable } from '@bulkhead/base';
import type { ConnectionStore } from '@bulkhead/connections';
import type { ConnectionReference, ConnectionService } from '@bulkhead/connections/commands';
import type { ProviderRegistry } from '@bulkhead/ehr/providers';
import type { Producer } from '@bulkhead/queues';
import type { ResourceStore } from '@bulkhead/records';
import { type ConnectionScope, isInScope, readPage } from '@bulkhead/store';
import { checkCallback, type WebhookAddresses } from '@bulkhead/webhooks/commands';
import type { RequestPause } from '../../runs/run-view.ts';
import { usualKeptMs } from '../../runs/run-view.ts';
import type { BulkExport, ExportEvent } from '../bulk-export.record.ts';
import { isTerminal, phasesOf } from '../bulk-export-phase.ts';
import { exportError } from '../errors.ts';
import type { BulkExportStore } from '../export.feature.ts';
import type { OutputFile } from '../output-file.record.ts';
import { kickOffJob } from '../steps/kick-off.job.ts';
import type { Watermark } from '../watermarks/watermark.ts';
import type { BulkExportBody, BulkExportQuery } from './bulk-export.schema.ts';
import { cancelExport, retryExport } from './cancel-and-retry.ts';
import type { ProgressContext } from './export-activity.ts';
import { type Idempotency, type NewExport, newExport, requestKey, reserveExport } from './new-export.ts';
import { makeTypeTable } from './type-table.ts';
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

/** Lists are read each second while they are watched. */
const listedCountsMs = 5000;

/** Pages and clients look every second. */
const waitingKeptMs = 1000;

/** Starts and reads exports for the API. The workers do the work. */
export class BulkExportService {
  private readonly store;
  private readonly producer;
  private readonly connections;
  private readonly idempotency;
  private readonly registry;
  private readonly addresses;
  private readonly readPause;
  private readonly kickOffWaitMs;
  /** Refuses a start while Redis is unavailable or stores nothing, before anything is stored. */
  private readonly checkQueue;
  private readonly waitForKickOff;
  private readonly readUsual;
  private readonly readCounts;
  private readonly countWaiting;

  constructor(options: {
    readonly store: BulkExportStore &
      Pick<ConnectionStore, 'connections' | 'accessTokens'> &
      Pick<ResourceStore, 'resources'>;
    readonly producer: Producer;
    readonly connections: ConnectionService;
    readonly idempotency: IdempotencyService;
    readonly registry: ProviderRegistry;
    readonly addresses: WebhookAddresses;
    /** How long a start waits for its kick-off. Tests without a worker do not wait. */
    readonly kickOffWaitMs?: number | undefined;
    /** Reads whether the EHR of a connection has asked for a pause. */
    readonly readPause: (connectionId: string) => Promise<RequestPause | undefined>;
  }) {
    const { store, producer, connections, idempotency, registry, addresses, readPause } = options;
    this.store = store;
    this.producer = producer;
    this.connections = connections;
    this.idempotency = idempotency;
    this.registry = registry;
    this.addresses = addresses;
    this.readPause = readPause;
    this.kickOffWaitMs = options.kickOffWaitMs ?? defaultKickOffWaitMs;
    this.checkQueue = keepFor(queueCheckMs, () => producer.checkWritable());
    this.waitForKickOff = createSharedWait({ readReady: (ids) => store.bulkExports.findKickedOff(ids) });
    this.readUsual = keepForKey(usualKeptMs, (connectionId) => store.bulkExports.usualMs(connectionId));
    this.readCounts = keepForKey(listedCountsMs, (exportId) => store.outputFiles.sum(exportId));
    this.countWaiting = keepFor(waitingKeptMs, () => producer.countWaiting('file-download'));
  }

  /** Lists the watermarks of a connection. @throws AppError `unknown-connection` */
  async watermarks(connection: { readonly id: string; readonly scope: ConnectionScope }): Promise<Watermark[]> {
    await this.connections.find(connection);
    return this.store.watermarks.list({ connectionId: connection.id });
  }

  /** What is known of each type at the EHR of a connection. @throws AppError `unknown-connection` */
  async typeTable(reference: ConnectionReference & { readonly provider: string }) {
    const connection = await this.connections.find(reference);
    return makeTypeTable({ store: this.store, connection, provider: this.registry.get(reference.provider) });
  }

  /** Reads an export with its current counts. */
  async get(reference: ExportReference): Promise<ExportProgress> {
    return this.sum(await this.find(reference));
  }

  /** Returns a function that reads the export and the files that have changed since its last call. @throws AppError `unknown-export` */
  watch(reference: ExportReference): () => Promise<ExportSnapshot> {
    return watchExport({
      store: this.store,
      exportId: reference.id,
      find: () => this.find(reference),
      sum: (record) => this.sum(record),
    });
  }

  /**
   * Stores the export, enqueues its kick-off and waits some seconds for it. If the request is repeated with the same Idempotency-Key,
   * the export that the first one started is returned.
   * @throws AppError `unknown-provider`, `unknown-connection`, `export-already-running`, `idempotency-key-reused`,
   * `unavailable`
   */
  async start(request: StartRequest): Promise<StartedExport> {
    const { provider, body, scope, idempotency, by } = request;
    await this.connections.find({ provider, id: body.connectionId, scope });
    await checkCallback({ store: this.store, addresses: this.addresses, ...body });
    await this.checkQueue().catch((cause: unknown) => {
      throw unavailable(cause);
    });
    const created = await newExport({ store: this.store, provider: this.registry.get(provider), body });
    const { record, isRepeated, release } = await reserveExport({
      service: this.idempotency,
      idempotency,
      content: [provider, body],
      created,
      isStored: async (id) => (await this.store.bulkExports.find(id)) !== undefined,
    });
    if (!isRepeated) {
      try {
        await this.accept(record, by);
      } catch (error) {
        await release();
        throw error;
      }
    }
    return { record: await this.kickedOff({ provider, id: record.id, scope }), isRepeated };
  }

  /** @throws AppError `unknown-export`, `export-ended` */
  cancel({ by, ...reference }: ExportCommand) {
    return cancelExport({ store: this.store, producer: this.producer, find: () => this.find(reference), by });
  }

  /** @throws AppError `unknown-export`, `nothing-to-retry`, `export-already-running` */
  retry({ by, ...reference }: ExportCommand) {
    return retryExport({ store: this.store, producer: this.producer, find: () => this.find(reference), by });
  }

  /** Reads one page, newest first. `next` is undefined on the last page. @throws AppError `unknown-connection` */
  async list({ provider, scope, query }: Omit<ExportReference, 'id'> & { readonly query: BulkExportQuery }) {
    this.registry.get(provider);
    const { connectionId, status } = query;
    if (connectionId !== undefined) await this.connections.find({ provider, id: connectionId, scope });
    const phases = status && phasesOf(status);
    const { items, next } = await readPage(query, {
      ids: /^job_/,
      read: (page) => this.store.bulkExports.list({ provider, connectionId, phases, scope, ...page }),
    });
    return { items: await Promise.all(items.map((record) => this.listed(record))), next };
  }

  /** Lists what happened to an export, oldest first. @throws AppError `unknown-export` */
  async listEvents(reference: ExportReference): Promise<ExportEvent[]> {
    const { id } = await this.find(reference);
    return this.store.bulkExports.listEvents(id);
  }

  /** Reads the ledger: one entry for each file of the manifest. */
  async listFiles(reference: ExportReference): Promise<OutputFile[]> {
    const record = await this.find(reference);
    return this.store.outputFiles.listByExport(record.id);
  }

  private async find({ provider, id, scope }: ExportReference): Promise<BulkExport> {
    this.registry.get(provider);
    const record = await this.store.bulkExports.find(id);
    if (record?.provider === provider && isInScope(scope, record.connectionId)) return record;
    throw exportError('unknown-export');
  }

  private async accept(record: NewExport, by: string | undefined): Promise<void> {
    await this.store.bulkExports.insert({ record, requestKey: requestKey(record.request), by });
    try {
      await this.producer.enqueue(kickOffJob, { exportId: record.id });
    } catch (cause) {
      await withdraw(this.store, record);
      throw unavailable(cause);
    }
  }

  /** Waits until the export is kicked off. @returns its current state if the wait is over before that */
  private async kickedOff(reference: ExportReference): Promise<BulkExport> {
    return (await this.waitForKickOff(reference.id, this.kickOffWaitMs)) ?? this.find(reference);
  }

  /** Redis may be unavailable. The rest of the status is worth showing. */
  private async findPause({ phase, connectionId }: Pick<BulkExport, 'phase' | 'connectionId'>) {
    return isTerminal(phase) ? undefined : this.readPause(connectionId).catch(() => undefined);
  }

  /** An export of a list. Its counts are those of some seconds ago, because a ledger can have thousands of files. */
  private async listed(record: BulkExport) {
    const context = await this.readContext(record);
    if (record.phase !== 'downloading') return { ...context, record };
    return { ...context, record: { ...record, counts: await this.readCounts(record.id) } };
  }

  private async readContext({ phase, connectionId }: BulkExport): Promise<ProgressContext> {
    if (isTerminal(phase)) return {};
    const pause = await this.findPause({ phase, connectionId });
    if (phase === 'exporting') return { pause, usualMs: await this.readUsual(connectionId) };
    if (phase !== 'downloading') return { pause };
    return { pause, waitingDownloads: await this.countWaiting().catch(() => undefined) };
  }

  private async sum(record: BulkExport): Promise<ExportProgress> {
    const context = await this.readContext(record);
    if (record.transactionTime === undefined) return { ...context, record, issues: [] };
    const isDownloading = record.phase === 'downloading' || record.phase === 'finalizing';
    const counts = isDownloading ? await this.store.outputFiles.sum(record.id) : record.counts;
    const issues = await this.store.outputFiles.sumIssues(record.id);
    return { ...context, record: { ...record, counts }, issues };
  }
}

/** The client gets an error, so the export must not run. If this update fails too, the sweep runs the export, so it is not lost. */
async function withdraw(store: BulkExportStore, record: NewExport): Promise<void> {
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
