import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { SimulatorOptions } from '../options.ts';
import type { Practice } from '../practice/practice.ts';
import type { BulkExport, ExportFile } from './bulk-export.ts';
import { deletedFiles } from './deleted-files.ts';
import { measureFiles } from './measure-files.ts';

export interface KickOffInput {
  readonly request: string;
  readonly types: readonly string[];
  readonly sinceMs: number | undefined;
}

export interface ExportRegistryOptions {
  readonly options: SimulatorOptions;
  readonly clock: Clock;
  readonly practice: Practice;
}

/** The exports of one simulator, from kick-off to DELETE. */
export class ExportRegistry {
  private readonly options: SimulatorOptions;
  private readonly clock: Clock;
  private readonly practice: Practice;
  private readonly exports = new Map<string, BulkExport>();
  private readonly running = new Map<string, { readonly controller: AbortController; readonly done: Promise<void> }>();
  kickOffCount = 0;

  constructor({ options, clock, practice }: ExportRegistryOptions) {
    this.options = options;
    this.clock = clock;
    this.practice = practice;
  }

  kickOff({ request, types, sinceMs }: KickOffInput): BulkExport {
    const bulkExport: BulkExport = {
      id: randomBytes(9).toString('hex'),
      request,
      types,
      sinceMs,
      transactionTimeMs: this.practice.instant(),
      asOf: this.practice.sequence,
      startedAtMs: this.clock.monotonic(),
      files: [],
      state: 'measuring',
    };
    this.kickOffCount += 1;
    this.exports.set(bulkExport.id, bulkExport);
    const controller = new AbortController();
    const done = this.measure({ bulkExport, signal: controller.signal }).finally(() =>
      this.running.delete(bulkExport.id),
    );
    this.running.set(bulkExport.id, { controller, done });
    return bulkExport;
  }

  get(id: string): BulkExport | undefined {
    return this.exports.get(id);
  }

  /** @returns false: there is no such export. */
  remove(id: string): boolean {
    this.running.get(id)?.controller.abort();
    return this.exports.delete(id);
  }

  /** 1 once the export is over: its time has passed and its files are known. */
  progress({ startedAtMs, state }: BulkExport): number {
    const totalMs = this.options.exportSeconds * 1000;
    const share = totalMs === 0 ? 1 : Math.min(1, (this.clock.monotonic() - startedAtMs) / totalMs);
    return state === 'measuring' ? Math.min(share, 0.99) : share;
  }

  isAnyRunning(): boolean {
    return [...this.exports.values()].some((bulkExport) => this.progress(bulkExport) < 1);
  }

  /** Abandons what runs; resolves when nothing does. */
  async close(): Promise<void> {
    const running = [...this.running.values()];
    for (const { controller } of running) controller.abort();
    await Promise.all(running.map(({ done }) => done));
  }

  private async measure({
    bulkExport,
    signal,
  }: {
    readonly bulkExport: BulkExport;
    readonly signal: AbortSignal;
  }): Promise<void> {
    const { practice } = this;
    const { resourcesPerFile } = this.options;
    try {
      const files: ExportFile[] = deletedFiles({ practice, bulkExport });
      for (const type of bulkExport.types) {
        files.push(...(await measureFiles({ practice, bulkExport, type, resourcesPerFile, signal })));
      }
      bulkExport.files = files;
      bulkExport.state = 'measured';
    } catch {
      // Cancelled, or a data file cannot be read: the status request answers 500, as a vendor's would.
      bulkExport.state = 'failed';
    }
  }
}
