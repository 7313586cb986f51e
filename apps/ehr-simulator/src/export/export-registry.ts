import { randomBytes } from 'node:crypto';
import type { Clock } from '../options/clock.ts';
import type { SimulatorOptions } from '../options/options.ts';
import type { Practice } from '../practice/practice.ts';
import { type BulkExport, type ExportChange, type ExportFile, type ExportState, exportState } from './bulk-export.ts';
import { deletedFiles, measureFiles } from './export-files.ts';

export interface KickOffInput
  extends Pick<BulkExport, 'level' | 'request' | 'parameters' | 'types' | 'sinceMs' | 'selection' | 'ignored'> {
  /** The changes that faults make to this export. */
  readonly changes: readonly ExportChange[];
}

export interface ExportRegistryOptions {
  readonly options: SimulatorOptions;
  readonly clock: Clock;
  readonly practice: Practice;
}

/** All exports of one simulator. Deleted ones are kept, so that tests can look at them. */
export class ExportRegistry {
  readonly #options: SimulatorOptions;
  readonly #clock: Clock;
  readonly #practice: Practice;
  readonly #exports = new Map<string, BulkExport>();
  readonly #running = new Map<string, { readonly controller: AbortController; readonly done: Promise<void> }>();

  constructor({ options, clock, practice }: ExportRegistryOptions) {
    this.#options = options;
    this.#clock = clock;
    this.#practice = practice;
  }

  get kickOffCount(): number {
    return this.#exports.size;
  }

  kickOff({ changes, types, ...request }: KickOffInput): BulkExport {
    const bulkExport: BulkExport = {
      ...request,
      id: randomBytes(9).toString('hex'),
      types: changes.reduce((changed, change) => change.types?.(changed) ?? changed, types),
      transactionTimeMs: this.#practice.instant(),
      asOf: this.#practice.sequence,
      startedAtMs: this.#clock.monotonic(),
      fate: changes.findLast(({ fate }) => fate)?.fate,
      files: [],
      layout: 'measuring',
      pollCount: 0,
      deleteCount: 0,
      isDeleted: false,
    };
    this.#exports.set(bulkExport.id, bulkExport);
    const controller = new AbortController();
    const done = this.#planFiles(bulkExport, { changes, signal: controller.signal }).finally(() =>
      this.#running.delete(bulkExport.id),
    );
    this.#running.set(bulkExport.id, { controller, done });
    return bulkExport;
  }

  /** Oldest first, including deleted exports. */
  list(): readonly BulkExport[] {
    return [...this.#exports.values()];
  }

  /** Finds an export in any state. */
  find(id: string): BulkExport | undefined {
    return this.#exports.get(id);
  }

  /** @returns undefined if the server no longer knows the export. */
  get(id: string): BulkExport | undefined {
    const bulkExport = this.#exports.get(id);
    return bulkExport && ['in-progress', 'complete', 'failed'].includes(this.state(bulkExport))
      ? bulkExport
      : undefined;
  }

  /** @returns false if the export does not exist. */
  remove(id: string): boolean {
    const bulkExport = this.get(id);
    if (!bulkExport) return false;
    this.#running.get(id)?.controller.abort();
    bulkExport.isDeleted = true;
    bulkExport.files = [];
    return true;
  }

  state(bulkExport: BulkExport): ExportState {
    return exportState(bulkExport, this.#share(bulkExport));
  }

  /** The progress that a running export reports, from 0 to 0.99. */
  progress(bulkExport: BulkExport): number {
    return Math.min(this.#share(bulkExport), 0.99);
  }

  /** Whether a new export must wait because only one may run at a time. */
  isBusy(): boolean {
    const busy: readonly ExportState[] =
      this.#options.oneExportAtATime === 'until-deleted' ? ['in-progress', 'complete'] : ['in-progress'];
    return this.list().some((bulkExport) => busy.includes(this.state(bulkExport)));
  }

  get activeCount(): number {
    return this.list().filter((bulkExport) => this.state(bulkExport) === 'in-progress').length;
  }

  /** Creates the files of an export again, from the current state of the practice and without the changes of faults. */
  async regenerate(id: string): Promise<void> {
    const bulkExport = this.get(id);
    if (!bulkExport) return;
    bulkExport.asOf = this.#practice.sequence;
    await this.#planFiles(bulkExport, { changes: [], signal: new AbortController().signal });
  }

  /** Aborts all running exports and waits until they have ended. */
  async close(): Promise<void> {
    const running = [...this.#running.values()];
    for (const { controller } of running) controller.abort();
    await Promise.all(running.map(({ done }) => done));
  }

  #share({ startedAtMs }: BulkExport): number {
    const totalMs = this.#options.exportSeconds * 1000;
    return totalMs === 0 ? 1 : Math.min(1, (this.#clock.monotonic() - startedAtMs) / totalMs);
  }

  async #planFiles(
    bulkExport: BulkExport,
    { changes, signal }: { readonly changes: readonly ExportChange[]; readonly signal: AbortSignal },
  ): Promise<void> {
    const practice = this.#practice;
    const { resourcesPerFile } = this.#options;
    try {
      let files: readonly ExportFile[] = deletedFiles(practice, bulkExport);
      for (const type of bulkExport.types) {
        files = [...files, ...(await measureFiles({ practice, bulkExport, type, resourcesPerFile, signal }))];
      }
      for (const change of changes) {
        files = (await change.files?.({ files, bulkExport, practice, signal })) ?? files;
      }
      signal.throwIfAborted();
      bulkExport.files = files;
      bulkExport.layout = 'measured';
    } catch {
      // Cancelled, or a data file is unreadable. The status request answers 500, as a vendor's server would.
      bulkExport.layout = 'failed';
    }
  }
}
