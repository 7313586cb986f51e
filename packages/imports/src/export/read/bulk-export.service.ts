import { keepFor, keepForKey } from '@bulkhead/base';
import type { ConnectionReference, ConnectionStore } from '@bulkhead/connections';
import type { ConnectionService } from '@bulkhead/connections/commands';
import type { DocumentStore } from '@bulkhead/documents';
import { checkProvider, type ProviderRegistry } from '@bulkhead/ehr/providers';
import type { Producer } from '@bulkhead/queues';
import type { ResourceStore } from '@bulkhead/records';
import { type ConnectionScope, isInScope, type ProviderReference, readPage } from '@bulkhead/store';
import { type RequestPause, type RunCommand, usualKeptMs } from '../../runs/run-view.ts';
import type { BulkExport, ExportEvent, ExportWarning } from '../bulk-export.record.ts';
import { isTerminal, phasesOf } from '../bulk-export-phase.ts';
import { cancelExport, retryExport } from '../cancel-and-retry.ts';
import { exportError } from '../errors.ts';
import type { BulkExportStore } from '../export.feature.ts';
import type { OutputFile } from '../output-file.record.ts';
import type { BulkExportQuery } from '../start/export-request.schema.ts';
import type { Watermark } from '../watermarks/watermark.record.ts';
import type { ProgressContext } from './export-activity.ts';
import { makeTypeTable } from './type-table.ts';
import { type ExportProgress, type ExportSnapshot, watchExport } from './watch-export.ts';

/** Lists are read each second while they are watched. */
const listedCountsMs = 5000;

/** Pages and clients look every second. */
const waitingKeptMs = 1000;

/** A count of more takes longer and says no more. */
const maxCounted = 1000;

/** Reads and changes exports for the API. The workers do the work. */
export class BulkExportService {
  readonly #options;
  readonly #readUsual;
  readonly #readCounts;
  readonly #countWaiting;

  constructor(options: {
    readonly store: BulkExportStore &
      Pick<ConnectionStore, 'connections' | 'accessTokens'> &
      Pick<DocumentStore, 'documents'> &
      Pick<ResourceStore, 'resources'>;
    readonly producer: Producer;
    readonly connections: ConnectionService;
    readonly registry: ProviderRegistry;
    /** Reads whether the EHR of a connection has asked for a pause. */
    readonly readPause: (connectionId: string) => Promise<RequestPause | undefined>;
  }) {
    this.#options = options;
    const { store, producer } = options;
    this.#readUsual = keepForKey(usualKeptMs, (connectionId) => store.bulkExports.usualMs(connectionId));
    this.#readCounts = keepForKey(listedCountsMs, (exportId) => store.outputFiles.sum(exportId));
    this.#countWaiting = keepFor(waitingKeptMs, () => producer.countWaiting('file-download'));
  }

  /** Lists the watermarks of a connection. @throws AppError `unknown-connection` */
  async watermarks(connection: { readonly id: string; readonly scope: ConnectionScope }): Promise<Watermark[]> {
    await this.#options.connections.find(connection);
    return this.#options.store.watermarks.list({ connectionId: connection.id });
  }

  /** What is known of each type at the EHR of a connection. @throws AppError `unknown-connection` */
  async typeTable(reference: ConnectionReference & { readonly provider: string }) {
    const connection = await this.#options.connections.find(reference);
    return makeTypeTable({
      store: this.#options.store,
      connection,
      provider: this.#options.registry.get(connection.provider),
    });
  }

  /** Reads an export with its current counts. */
  async get(reference: ProviderReference): Promise<ExportProgress> {
    return this.#sum(await this.#find(reference));
  }

  /** Returns a function that reads the export and the files that have changed since its last call. @throws AppError `unknown-export` */
  watch(reference: ProviderReference): () => Promise<ExportSnapshot> {
    return watchExport({
      store: this.#options.store,
      exportId: reference.id,
      find: () => this.#find(reference),
      sum: (record) => this.#sum(record),
    });
  }

  /** @throws AppError `unknown-export`, `export-ended` */
  cancel({ by, ...reference }: RunCommand) {
    return cancelExport({
      store: this.#options.store,
      producer: this.#options.producer,
      find: () => this.#find(reference),
      by,
    });
  }

  /** @throws AppError `unknown-export`, `nothing-to-retry`, `export-already-running` */
  retry({ by, ...reference }: RunCommand) {
    return retryExport({
      store: this.#options.store,
      producer: this.#options.producer,
      find: () => this.#find(reference),
      by,
    });
  }

  /** Reads one page, newest first. `next` is undefined on the last page. @throws AppError `unknown-connection` */
  async list({ scope, query, ...path }: Omit<ProviderReference, 'id'> & { readonly query: BulkExportQuery }) {
    const provider = checkProvider(this.#options.registry, path.provider);
    const { connectionId, status } = query;
    if (connectionId !== undefined) await this.#options.connections.find({ id: connectionId, scope });
    const phases = status && phasesOf(status);
    const { items, next } = await readPage(query, {
      ids: /^job_/,
      read: (page) => this.#options.store.bulkExports.list({ provider, connectionId, phases, scope, ...page }),
    });
    return { items: await Promise.all(items.map((record) => this.#listed(record))), next };
  }

  /** Lists what happened to an export, oldest first. @throws AppError `unknown-export` */
  async listEvents(reference: ProviderReference): Promise<ExportEvent[]> {
    const { id } = await this.#find(reference);
    return this.#options.store.bulkExports.listEvents(id);
  }

  /** Reads the ledger: one entry for each file of the manifest. */
  async listFiles(reference: ProviderReference): Promise<OutputFile[]> {
    const record = await this.#find(reference);
    return this.#options.store.outputFiles.listByExport(record.id);
  }

  async #find({ provider, id, scope }: ProviderReference): Promise<BulkExport> {
    checkProvider(this.#options.registry, provider);
    const record = await this.#options.store.bulkExports.find(id);
    // An id is unique, so a request that names another provider still means this export.
    if (record && isInScope(scope, record.connectionId)) return record;
    throw exportError('unknown-export');
  }

  /** Redis may be unavailable. The rest of the status is worth showing. */
  async #findPause({ phase, connectionId }: Pick<BulkExport, 'phase' | 'connectionId'>) {
    return isTerminal(phase) ? undefined : this.#options.readPause(connectionId).catch(() => undefined);
  }

  /** An export of a list. Its counts are those of some seconds ago, because a ledger can have thousands of files. */
  async #listed(record: BulkExport) {
    const context = await this.#readContext(record);
    if (record.phase !== 'downloading') return { ...context, record };
    return { ...context, record: { ...record, counts: await this.#readCounts(record.id) } };
  }

  async #readContext({ phase, connectionId }: BulkExport): Promise<ProgressContext> {
    if (isTerminal(phase)) return {};
    const pause = await this.#findPause({ phase, connectionId });
    if (phase === 'exporting') return { pause, usualMs: await this.#readUsual(connectionId) };
    if (phase !== 'downloading') return { pause };
    return { pause, waitingDownloads: await this.#countWaiting().catch(() => undefined) };
  }

  /** Documents are fetched after the end of an export, so this warning is not a part of its record. */
  async #documentWarnings({ id, phase }: BulkExport): Promise<ExportWarning[]> {
    if (!isTerminal(phase)) return [];
    const failed = await this.#options.store.documents.countFailedOf({ exportId: id, limit: maxCounted });
    if (failed === 0) return [];
    const count = failed === maxCounted ? `${maxCounted} or more` : String(failed);
    const message = `Documents of this export that could not be fetched: ${count}. Their resources are stored. List them with the state failed.`;
    return [{ code: 'documents-failed', message }];
  }

  async #sum(record: BulkExport): Promise<ExportProgress> {
    const context = await this.#readContext(record);
    if (record.transactionTime === undefined) return { ...context, record, issues: [] };
    const isDownloading = record.phase === 'downloading' || record.phase === 'finalizing';
    const counts = isDownloading ? await this.#options.store.outputFiles.sum(record.id) : record.counts;
    const issues = await this.#options.store.outputFiles.sumIssues(record.id);
    const warnings = [...record.warnings, ...(await this.#documentWarnings(record))];
    return { ...context, record: { ...record, counts, warnings }, issues };
  }
}
