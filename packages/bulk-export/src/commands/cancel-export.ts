import type { Producer } from '@bulkhead/queues';
import { AppError } from '@bulkhead/runtime';
import type { BulkExport } from '../bulk-export.record.ts';
import { isTerminal } from '../bulk-export-phase.ts';
import type { BulkExportStore } from '../store.ts';

/** An export after a command, and whether the command has changed it. */
export interface ExportChange {
  readonly record: BulkExport;
  readonly isChanged: boolean;
}

/**
 * Cancels an export at once, in whatever phase it is. Its downloads stop, and a worker deletes the export at the server. Does nothing if
 * it is already cancelled.
 * @throws AppError `export-ended` if it has completed or failed
 */
export async function cancelExport(options: {
  readonly store: BulkExportStore;
  readonly producer: Producer;
  readonly find: () => Promise<BulkExport>;
  /** Who has asked for it. */
  readonly by?: string | undefined;
}): Promise<ExportChange> {
  const { store, producer, find, by } = options;
  for (;;) {
    const record = await find();
    if (record.phase === 'cancelled') return { record, isChanged: false };
    if (isTerminal(record.phase)) throw exportEnded(record);
    const now = new Date();
    const discard = record.statusUrl === undefined ? {} : { discard: 'due' as const };
    const change = { completedAt: now, counts: await store.outputFiles.sum(record.id), ...discard };
    const cancelled = await store.bulkExports.transition({ from: record, to: 'cancelled', change, by });
    if (!cancelled) continue;
    await store.outputFiles.cancelUnsettled({ exportId: record.id, now });
    await notifyWorkers(producer, cancelled);
    return { record: cancelled, isChanged: true };
  }
}

/** If the queue is unavailable, the export is still cancelled, and the sweep does this later. */
async function notifyWorkers(producer: Producer, { id: exportId, discard }: BulkExport): Promise<void> {
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
