import type { Producer } from '@bulkhead/queues';
import { AppError } from '@bulkhead/runtime';
import { type BulkExport, retryPhase } from '../bulk-export.record.ts';
import { isTerminal } from '../bulk-export-phase.ts';
import type { BulkExportStore } from '../store.ts';
import type { ExportChange } from './cancel-export.ts';

/**
 * Takes a failed export, or one with failed files, up again where it is still of use: only what is missing is fetched. One that
 * runs already: nothing to do.
 * @throws AppError `nothing-to-retry`, `export-already-running` (an equal one)
 */
export async function retryExport(options: {
  readonly store: BulkExportStore;
  readonly producer: Producer;
  readonly find: () => Promise<BulkExport>;
}): Promise<ExportChange> {
  const { store, producer, find } = options;
  for (;;) {
    const record = await find();
    if (!isTerminal(record.phase)) return { record, isChanged: false };
    const files = await store.outputFiles.listByExport(record.id);
    const phase = retryPhase(
      record,
      files.flatMap(({ error }) => error?.code ?? []),
    );
    if (phase === undefined) throw nothingToRetry(record);
    // Before the phase: a crash in between leaves pending files for the next retry, never a retry without its files.
    if (phase === 'downloading') await store.outputFiles.retryFailed(record.id);
    const reopened = await store.bulkExports.reopen({ from: record, to: phase, now: new Date() });
    if (!reopened) continue;
    // With the queue away the sweep does it within a minute.
    await producer.enqueueAgain('export.resume', { exportId: record.id }).catch(() => undefined);
    return { record: reopened, isChanged: true };
  }
}

function nothingToRetry({ id, phase }: BulkExport): AppError {
  return new AppError({
    code: 'nothing-to-retry',
    message:
      phase === 'cancelled'
        ? 'A cancelled export is not taken up again: its data at the EHR is deleted. Ask for a new one.'
        : 'Every file of this export is stored, so there is nothing to retry. Ask for a new export for later changes.',
    retry: 'never',
    context: { exportId: id, phase },
  });
}
