import type { QuarantinedLine, QuarantineEntry } from '@bulkhead/records/quarantine';
import { isTerminal } from '../bulk-export-phase.ts';
import type { BulkExportDeps } from '../export-deps.ts';
import { emptyCheckpoint } from '../output-file.record.ts';
import { observation } from './export-contexts.ts';
import { FileBatch } from './file-batch.ts';

/** BSON cannot hold a longer line, so only its correction can be stored. */
const maxLineBytes = 16 * 1024 * 1024;

/**
 * Stores a line from the quarantine: as it was received, if a new version can read it, or as an operator has corrected it. A line that
 * is still not a usable resource stays in the quarantine, with the reason of this attempt.
 */
export async function replayFileLine(
  deps: BulkExportDeps<'bulkExports' | 'outputFiles' | 'quarantine' | 'resourceWriter' | 'resources'>,
  entry: QuarantineEntry,
): Promise<void> {
  const { store, now } = deps;
  const { id } = entry;
  const file = await store.outputFiles.find(entry.fileId);
  const record = await store.bulkExports.find(entry.runId);
  if (!file || !record) return;
  if (entry.state === 'open' && entry.isTruncated && !entry.isCorrected) {
    await store.quarantine.noteReplay({ id, reason: 'line-truncated', now: now() });
  } else if (entry.state === 'open') {
    const isTooLong = entry.sizeBytes > maxLineBytes && !entry.isCorrected;
    const bytes = isTooLong ? Buffer.alloc(0) : await store.quarantine.readLine(id);
    const rejected: QuarantinedLine[] = [];
    const batch = new FileBatch({
      store: {
        resourceWriter: store.resourceWriter,
        // A replayed line is in the quarantine already, so an erasure finds it.
        quarantine: {
          async put({ lines }) {
            rejected.push(...lines);
            return 0;
          },
        },
      },
      file,
      observation: observation(record),
      now,
      buffers: deps.buffers,
    });
    const { line, offset } = entry;
    await batch.add({ bytes, line, offset, nextOffset: offset + entry.sizeBytes, sizeBytes: bytes.length, isTooLong });
    const { withheld = 0 } = (await batch.write())(emptyCheckpoint);
    if (withheld > 0) await store.quarantine.withhold({ id, now: now() });
    else await store.quarantine.noteReplay({ id, reason: rejected[0]?.reason, now: now() });
  }
  await recount(deps, { fileId: file.id, exportId: record.id });
}

/** Recomputes the counts from the quarantine, so that a repetition after a crash counts nothing twice. */
export async function recount(
  { store }: Pick<BulkExportDeps<'bulkExports' | 'outputFiles' | 'quarantine'>, 'store'>,
  { fileId, exportId }: { fileId: string; exportId: string },
): Promise<void> {
  const quarantined = await store.quarantine.countOpen(fileId);
  const withheld = await store.quarantine.countWithheld(fileId);
  await store.outputFiles.recountQuarantined({ id: fileId, quarantined, withheld });
  const record = await store.bulkExports.find(exportId);
  if (!record || !isTerminal(record.phase)) return;
  const change = { counts: await store.outputFiles.sum(exportId) };
  await store.bulkExports.update({ id: exportId, phase: record.phase, change });
}
