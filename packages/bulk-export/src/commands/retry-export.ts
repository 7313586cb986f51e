import type { Producer } from '@bulkhead/queues';
import { AppError } from '@bulkhead/runtime';
import { type BulkExport, retryPhase } from '../bulk-export.record.ts';
import { isTerminal } from '../bulk-export-phase.ts';
import type { BulkExportStore } from '../store.ts';
import type { ExportChange } from './cancel-export.ts';

/**
 * Resumes a failed export, or one with failed files, in the phase in which only missing work is done. Does nothing if it is running.
 * @throws AppError `nothing-to-retry`, `export-already-running` if an equal export is running
 */
export async function retryExport(options: {
  readonly store: BulkExportStore;
  readonly producer: Producer;
  readonly find: () => Promise<BulkExport>;
  /** Who has asked for it. */
  readonly by?: string | undefined;
}): Promise<ExportChange> {
  const { store, producer, find, by } = options;
  for (;;) {
    const record = await find();
    if (!isTerminal(record.phase)) return { record, isChanged: false };
    const files = await store.outputFiles.listByExport(record.id);
    const phase = retryPhase(
      record,
      files.flatMap(({ error }) => error?.code ?? []),
    );
    if (phase === undefined) throw nothingToRetry(record);
    // Reset the files before the phase changes. A crash in between then leaves pending files, which the next retry downloads.
    if (phase === 'downloading') await store.outputFiles.retryFailed(record.id);
    const reopened = await store.bulkExports.reopen({ from: record, to: phase, now: new Date(), by });
    if (!reopened) continue;
    // If the queue is unavailable, the sweep does this within a minute.
    await producer.enqueueAgain('export.resume', { exportId: record.id }).catch(() => undefined);
    return { record: reopened, isChanged: true };
  }
}

function nothingToRetry({ id, phase }: BulkExport): AppError {
  return new AppError({
    code: 'nothing-to-retry',
    message:
      phase === 'cancelled'
        ? 'A cancelled export cannot be retried, because its data at the EHR is deleted. Start a new export.'
        : 'Every file of this export is stored, so there is nothing to retry. Start a new export to get later changes.',
    retry: 'never',
    context: { exportId: id, phase },
  });
}
