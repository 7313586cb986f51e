import type { BulkExport } from '@bulkhead/domain';
import type { UseCaseDeps } from './deps.ts';
import { schedulePolls } from './kick-off-export.ts';

/**
 * Gives every active record the job that it needs, and removes polls that nobody needs: after the loss of Redis, of a
 * worker between two steps, or of an API that stored a record and could not enqueue it.
 */
export async function sweep(deps: UseCaseDeps): Promise<void> {
  const { store, producer, logger } = deps;
  const active = await store.bulkExports.listActive();
  const scheduled = new Set(await producer.listScheduledPolls());
  for (const record of active) {
    try {
      const revived = await revive(deps, { record, isPolled: scheduled.has(record.id) });
      if (revived) logger.warn('export had no job', { exportId: record.id, phase: record.phase });
    } catch (error) {
      // One record's trouble must not keep the others waiting; the next sweep tries again.
      logger.error('sweep failed for an export', { exportId: record.id, error });
    }
  }
  const polled = new Set(active.filter(({ phase }) => phase === 'exporting').map(({ id }) => id));
  for (const exportId of scheduled) {
    if (!polled.has(exportId)) await producer.unschedule('export.poll', { exportId });
  }
}

async function revive(
  deps: UseCaseDeps,
  { record, isPolled }: { readonly record: BulkExport; readonly isPolled: boolean },
): Promise<boolean> {
  const { store, producer } = deps;
  const { id: exportId, phase } = record;
  if (phase === 'queued' || phase === 'kicking-off') return producer.ensure('export.kick-off', { exportId });
  if (phase === 'exporting') {
    if (!isPolled) await schedulePolls(deps, record);
    return !isPolled;
  }
  const unsettled = await store.outputFiles.listUnsettledIds(exportId);
  if (unsettled.length === 0) return producer.ensure('export.finalize', { exportId });
  let revived = false;
  for (const fileId of unsettled) {
    revived = (await producer.ensure('file.download', { exportId, fileId })) || revived;
  }
  return revived;
}
