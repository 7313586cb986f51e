import type { BulkExport, IssueCount } from '../bulk-export.record.ts';
import type { OutputFile } from '../output-file.record.ts';
import type { BulkExportStore } from '../store.ts';

export interface Summed {
  readonly record: BulkExport;
  /** What the server's `error` files report. */
  readonly issues: readonly IssueCount[];
}

export interface ExportLook extends Summed {
  /** Those that have moved since the last look; at the first one, those that are under way. */
  readonly files: readonly OutputFile[];
}

/** Of those under way, and of those that were settled: what somebody can look at in a second, and a small event. */
const filesPerLook = 250;
/** How much later than its time an entry may be written: workers' clocks differ, and so do their ways to the database. */
const marginMs = 2000;

/** Sums over 20,000 files take a quarter of a second: then they are made every five, and the database has its peace. */
const restPerSum = 19;

/**
 * Looks at an export again and again. Of its ledger, which may have tens of thousands of entries, only those are read that can
 * have moved.
 */
export function watchExport(options: {
  readonly store: BulkExportStore;
  readonly exportId: string;
  readonly find: () => Promise<BulkExport>;
  /** The export with its counts as of now, from the whole of its ledger. */
  readonly sum: (record: BulkExport) => Promise<Summed>;
}): () => Promise<ExportLook> {
  const { store, exportId, find, sum } = options;
  const readSums = createRareSums(sum);
  let settledSince: Date | undefined;
  let known = new Map<string, string>();
  const readMoved = async (): Promise<OutputFile[]> => {
    settledSince ??= new Date((await store.outputFiles.lastSettledAt(exportId)).getTime() - marginMs);
    const moving = await store.outputFiles.listMoving({ exportId, settledSince, limit: filesPerLook });
    settledSince = nextSince({ settled: moving.settled, since: settledSince });
    const found = new Map([...moving.downloading, ...moving.settled].map((file) => [file, JSON.stringify(file)]));
    const moved = [...found].filter(([{ id }, text]) => known.get(id) !== text).map(([file]) => file);
    known = new Map([...found].map(([{ id }, text]) => [id, text]));
    return moved;
  };
  return async () => {
    // First: of an export that has ended the ledger is final.
    const summed = await readSums(await find());
    return { ...summed, files: await readMoved() };
  };
}

/** Sums anew where the export has moved on, else when the last sum was long enough ago. */
function createRareSums(sum: (record: BulkExport) => Promise<Summed>): (record: BulkExport) => Promise<Summed> {
  let last: Summed | undefined;
  let dueAt = 0;
  return async (record) => {
    const startedAt = performance.now();
    if (last?.record.version === record.version && startedAt < dueAt) {
      return { ...last, record: { ...record, counts: last.record.counts } };
    }
    last = await sum(record);
    const endedAt = performance.now();
    dueAt = endedAt + restPerSum * (endedAt - startedAt);
    return last;
  };
}

/** By the time that workers wrote. Where there are more than one look reads, the next one goes on behind the last. */
function nextSince(options: {
  readonly settled: readonly OutputFile[];
  readonly since: Date | undefined;
}): Date | undefined {
  const { settled, since } = options;
  const last = settled.at(-1)?.completedAt;
  if (!last) return since;
  if (settled.length === filesPerLook) return last;
  return new Date(Math.max(last.getTime() - marginMs, since?.getTime() ?? 0));
}
