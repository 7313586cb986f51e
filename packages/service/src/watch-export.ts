import type { BulkExport, IssueCount, OutputFile } from '@bulkhead/domain';
import type { Store } from '@bulkhead/store';

export interface ExportLook {
  readonly record: BulkExport;
  readonly issues: readonly IssueCount[];
  /** Those that have moved since the last look; at the first one, those that are under way. */
  readonly files: readonly OutputFile[];
}

/** Of those under way, and of those that were settled: what somebody can look at in a second, and a small event. */
const filesPerLook = 250;
/** How much later than its time an entry may be written: workers' clocks differ, and so do their ways to the database. */
const marginMs = 2000;

/**
 * Looks at an export again and again. Of its ledger, which may have tens of thousands of entries, only those are read that can
 * have moved.
 */
export function watchExport(options: {
  readonly store: Store;
  readonly exportId: string;
  readonly read: () => Promise<Omit<ExportLook, 'files'>>;
}): () => Promise<ExportLook> {
  const { store, exportId, read } = options;
  let settledSince: Date | undefined;
  let known = new Map<string, string>();
  const readMoved = async (): Promise<OutputFile[]> => {
    settledSince ??= await store.outputFiles.lastSettledAt(exportId);
    const moving = await store.outputFiles.listMoving({ exportId, settledSince, limit: filesPerLook });
    settledSince = nextSince({ settled: moving.settled, since: settledSince });
    const found = new Map([...moving.downloading, ...moving.settled].map((file) => [file, JSON.stringify(file)]));
    const moved = [...found].filter(([{ id }, text]) => known.get(id) !== text).map(([file]) => file);
    known = new Map([...found].map(([{ id }, text]) => [id, text]));
    return moved;
  };
  return async () => {
    // First: of an export that has ended the ledger is final.
    const { record, issues } = await read();
    return { record, issues, files: await readMoved() };
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
