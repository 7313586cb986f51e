import type { Producer } from '@bulkhead/queues';
import { notifyJob } from '@bulkhead/webhooks/jobs';
import { type BulkExport, planRetry, urlsAtServer } from './bulk-export.record.ts';
import { isActive } from './bulk-export-phase.ts';
import { exportError } from './errors.ts';
import type { BulkExportStore } from './export.feature.ts';
import { discardJob, pollJob, resumeJob } from './jobs.ts';

interface ExportCommand {
  readonly store: Pick<BulkExportStore, 'bulkExports' | 'outputFiles'>;
  readonly producer: Producer;
  readonly find: () => Promise<BulkExport>;
  /** Who has asked for it. */
  readonly by?: string | undefined;
}

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
export async function cancelExport(command: ExportCommand): Promise<ExportChange> {
  const { store, producer, find, by } = command;
  for (;;) {
    const record = await find();
    if (record.phase === 'cancelled') return { record, isChanged: false };
    if (!isActive(record)) throw exportError('export-ended', { context: { exportId: record.id, phase: record.phase } });
    const now = new Date();
    const discard = urlsAtServer(record).length === 0 ? {} : { discard: 'due' as const };
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
  const unschedule = producer.unschedule(pollJob, { exportId });
  const enqueue = discard === 'due' ? producer.enqueueAgain(discardJob, { exportId }) : undefined;
  const notify = producer.enqueueAgain(notifyJob, { kind: 'bulk-export', id: exportId });
  await Promise.allSettled([unschedule, enqueue, notify]);
}

/**
 * Resumes a failed export, or one with failed files, in the phase in which only missing work is done. Does nothing if it is running.
 * @throws AppError `nothing-to-retry`, `export-already-running` if an equal export is running
 */
export async function retryExport(command: ExportCommand): Promise<ExportChange> {
  const { store, producer, find, by } = command;
  for (;;) {
    const record = await find();
    if (isActive(record)) return { record, isChanged: false };
    const files = await store.outputFiles.listByExport(record.id);
    const resumption = planRetry(
      record,
      files.flatMap(({ error }) => error?.code ?? []),
    );
    if (resumption === undefined)
      throw exportError('nothing-to-retry', {
        message:
          record.phase === 'cancelled'
            ? 'A cancelled export cannot be retried, because its data at the EHR is deleted. Start a new export.'
            : 'Every file of this export is stored, so there is nothing to retry. Start a new export to get later changes.',
        context: { exportId: record.id, phase: record.phase },
      });
    // Reset the files before the phase changes. A crash in between then leaves pending files, which the next retry downloads.
    const prepare = resumption.to === 'downloading' ? () => store.outputFiles.retryFailed(record) : undefined;
    const reopened = await store.bulkExports.reopen({ record, resumption, now: new Date(), by, prepare });
    if (!reopened) continue;
    // If the queue is unavailable, the sweep does this within a minute.
    await producer.enqueueAgain(resumeJob, { exportId: record.id }).catch(() => undefined);
    return { record: reopened, isChanged: true };
  }
}
