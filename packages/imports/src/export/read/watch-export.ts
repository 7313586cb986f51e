import type { BulkExport, IssueCount } from '../bulk-export.record.ts';
import type { BulkExportStore } from '../export.feature.ts';
import type { OutputFile } from '../output-file.record.ts';
import type { ProgressContext } from './export-activity.ts';

export interface ExportProgress extends ProgressContext {
  readonly record: BulkExport;
  /** The issues that the server reported in OperationOutcomes. */
  readonly issues: readonly IssueCount[];
}

export interface ExportSnapshot extends ExportProgress {
  /** The files that have changed since the last snapshot. In the first one, those that are being downloaded. */
  readonly files: readonly OutputFile[];
}

/** The limit for downloading files, and for settled ones. A user cannot read more in a second, and the event stays small. */
const filesPerSnapshot = 250;
/** An entry may be written this much later than its `completedAt`, because the clocks and latencies of workers differ. */
const marginMs = 2000;

/** Summing over 20,000 files takes a quarter of a second. It is then repeated every five seconds, to limit the load of the database. */
const restPerSum = 19;

/**
 * Returns a function that reads a snapshot of an export. The ledger may have tens of thousands of entries, so only the entries that may
 * have changed are read.
 */
export function watchExport(options: {
  readonly store: BulkExportStore;
  readonly exportId: string;
  readonly find: () => Promise<BulkExport>;
  /** Reads the export with its current counts, from the whole ledger. */
  readonly sum: (record: BulkExport) => Promise<ExportProgress>;
}): () => Promise<ExportSnapshot> {
  const { store, exportId, find, sum } = options;
  const readSums = createRareSums(sum);
  let settledSince: Date | undefined;
  let sentVersions = new Map<string, string>();
  const readChanged = async (): Promise<OutputFile[]> => {
    settledSince ??= new Date((await store.outputFiles.lastSettledAt(exportId)).getTime() - marginMs);
    const candidates = await store.outputFiles.listChanging({ exportId, settledSince, limit: filesPerSnapshot });
    settledSince = nextSince(candidates.settled, settledSince);
    const versions = new Map(
      [...candidates.downloading, ...candidates.settled].map((file) => [file, JSON.stringify(file)]),
    );
    const changed = [...versions].filter(([{ id }, text]) => sentVersions.get(id) !== text).map(([file]) => file);
    sentVersions = new Map([...versions].map(([{ id }, text]) => [id, text]));
    return changed;
  };
  return async () => {
    // Read the export first. If it has ended, the ledger that is read next is final.
    const summed = await readSums(await find());
    return { ...summed, files: await readChanged() };
  };
}

/** Sums again if the record has changed, or if the last sum is old enough. */
function createRareSums(
  sum: (record: BulkExport) => Promise<ExportProgress>,
): (record: BulkExport) => Promise<ExportProgress> {
  let last: ExportProgress | undefined;
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

/**
 * The next start, by the `completedAt` that workers wrote. If there are more files than the limit, the next snapshot continues after
 * the last one.
 */
function nextSince(settled: readonly OutputFile[], since: Date | undefined): Date | undefined {
  const last = settled.at(-1)?.completedAt;
  if (!last) return since;
  if (settled.length === filesPerSnapshot) return last;
  return new Date(Math.max(last.getTime() - marginMs, since?.getTime() ?? 0));
}
