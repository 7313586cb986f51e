import { setTimeout as delay } from 'node:timers/promises';
import { type BulkExportPhase, isTerminal, type OutputFile } from '@bulkhead/imports/export';
import type { TestSystem } from '../../test-system/start-test-system.ts';

/** The progress of a file at a moment, according to the ledger. */
export interface LedgerSample {
  /** The time after the read, so the sample was true at the latest then. */
  readonly atMs: number;
  /** The path of the file's URL. */
  readonly path: string;
  /** The byte at which a download would resume; 0 if the validator that a resume needs is missing. */
  readonly resumableBytes: number;
  readonly state: OutputFile['state'];
  /** The number of claims. The first sample with a number shows the state that this attempt found. */
  readonly attempts: number;
}

export interface WatchedExport {
  readonly id: string;
  readonly phase: BulkExportPhase;
  /** The share of the promised lines that are stored: 0 to 1. */
  readonly progress: number;
}

const intervalMs = 20;

/** Polls the records during an export, to find the moment of the fault and to know afterwards what was stored when. */
export class ExportWatch {
  readonly #system: TestSystem;
  readonly #lastSamples = new Map<string, LedgerSample>();
  #stopped = false;
  #watching: Promise<void> | undefined;
  /** The export that was last seen, also after its end. */
  current: WatchedExport | undefined;
  /** Every export that was active at any time. */
  readonly exportIds = new Set<string>();
  /** One sample for each change of a file. */
  readonly samples: LedgerSample[] = [];

  constructor(system: TestSystem) {
    this.#system = system;
  }

  start(): void {
    this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      // A fault may have stopped MongoDB.
      await this.#takeSnapshot().catch(() => undefined);
      await delay(intervalMs);
    }
  }

  async #takeSnapshot(): Promise<void> {
    const { bulkExports, outputFiles } = this.#system.store;
    const active = await bulkExports.listActive();
    for (const { id } of active) this.exportIds.add(id);
    const id = active.at(-1)?.id ?? this.current?.id;
    const record = active.at(-1) ?? (id === undefined ? undefined : await bulkExports.find(id));
    if (!record || (isTerminal(record.phase) && record.phase === this.current?.phase)) return;
    const files = record.transactionTime === undefined ? [] : await outputFiles.listByExport(record.id);
    for (const file of files) this.#sample(file);
    this.current = { id: record.id, phase: record.phase, progress: progressOf(files) };
  }

  #sample({ id, url, checkpoint, etag, state, attempts }: OutputFile): void {
    const resumableBytes = etag === undefined ? 0 : checkpoint.bytes;
    const last = this.#lastSamples.get(id);
    const isAsBefore = last?.resumableBytes === resumableBytes && last.state === state && last.attempts === attempts;
    if (isAsBefore) return;
    const sample = { atMs: performance.now(), path: new URL(url).pathname, resumableBytes, state, attempts };
    this.#lastSamples.set(id, sample);
    this.samples.push(sample);
  }
}

function progressOf(files: readonly OutputFile[]): number {
  const promised = files.reduce((sum, { promisedCount = 0 }) => sum + promisedCount, 0);
  const stored = files.reduce((sum, { checkpoint }) => sum + checkpoint.lines, 0);
  return promised === 0 ? 0 : stored / promised;
}
