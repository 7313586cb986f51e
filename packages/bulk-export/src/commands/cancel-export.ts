import type { Producer } from '@bulkhead/queues';
import { AppError } from '@bulkhead/runtime';
import type { BulkExport } from '../bulk-export.record.ts';
import { isTerminal } from '../bulk-export-phase.ts';
import type { BulkExportStore } from '../store.ts';

/** An export after a command, and whether that has changed it. */
export interface ExportChange {
  readonly record: BulkExport;
  readonly isChanged: boolean;
}

/**
 * Ends an export at once, in whatever phase it is: downloads stop at their next step, and a worker tells the server.
 * Cancelled already: nothing to do.
 * @throws AppError `export-ended` for one that has completed or failed.
 */
export async function cancelExport(options: {
  readonly store: BulkExportStore;
  readonly producer: Producer;
  readonly find: () => Promise<BulkExport>;
}): Promise<ExportChange> {
  const { store, producer, find } = options;
  for (;;) {
    const record = await find();
    if (record.phase === 'cancelled') return { record, isChanged: false };
    if (isTerminal(record.phase)) throw exportEnded(record);
    const now = new Date();
    const discard = record.statusUrl === undefined ? {} : { discard: 'due' as const };
    const change = { completedAt: now, counts: await store.outputFiles.sum(record.id), ...discard };
    const cancelled = await store.bulkExports.transition({ from: record, to: 'cancelled', change });
    if (!cancelled) continue;
    await store.outputFiles.cancelUnsettled({ exportId: record.id, now });
    await tellWorkers(producer, cancelled);
    return { record: cancelled, isChanged: true };
  }
}

/** With the queue away the export is cancelled all the same: the sweep makes up for it. */
async function tellWorkers(producer: Producer, { id: exportId, discard }: BulkExport): Promise<void> {
  const unschedule = producer.unschedule('export.poll', { exportId });
  const enqueue = discard === 'due' ? producer.enqueueAgain('export.discard', { exportId }) : undefined;
  const notify = producer.enqueueAgain('webhook.notify', { kind: 'bulk-export', id: exportId });
  await Promise.allSettled([unschedule, enqueue, notify]);
}

function exportEnded({ id, phase }: BulkExport): AppError {
  return new AppError({
    code: 'export-ended',
    message: 'The export has ended, so there is nothing to cancel. What it stored stays.',
    retry: 'never',
    context: { exportId: id, phase },
  });
}
