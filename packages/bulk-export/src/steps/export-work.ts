import { ignoreIfEnded, recordGone } from '@bulkhead/runs';
import { type FeatureWork, noWork } from '@bulkhead/store';
import { cancelExport } from '../commands/cancel-and-retry.ts';
import type { BulkExportDeps } from './deps.ts';
import { discardExport } from './discard-export.ts';
import { ensureExportJobs } from './ensure-export-jobs.ts';
import { recount } from './replay-file-line.ts';

export function exportWork(deps: BulkExportDeps): FeatureWork {
  const { store, producer } = deps;
  return {
    ...noWork,

    async stop(connectionId) {
      for (const { id } of await store.bulkExports.listActiveOf(connectionId)) {
        const find = async () => (await store.bulkExports.find(id)) ?? recordGone();
        await cancelExport({ store, producer, find }).catch(ignoreIfEnded);
      }
    },

    async leaveEhr({ connectionId, signal }) {
      for (const { id: exportId } of await store.bulkExports.listDiscardable(connectionId))
        await discardExport(deps, { exportId, signal, retryAt: () => undefined });
    },

    async recountWithheld(connectionId) {
      for (const { source, fileId, exportId } of await store.quarantine.listWithheld(connectionId))
        if (source !== 'sync') await recount(deps, { fileId, exportId });
    },

    async ensureJobs() {
      await ensureJobsOfActive(deps);
      for (const { id: exportId } of await store.bulkExports.listDiscardable())
        await producer.ensure('export.discard', { exportId });
      for (const id of await store.bulkExports.listUnnotifiedIds())
        await producer.ensure('webhook.notify', { kind: 'bulk-export', id });
    },
  };
}

/** Also removes polls that no export needs. */
async function ensureJobsOfActive(deps: BulkExportDeps): Promise<void> {
  const { store, producer, logger } = deps;
  const active = await store.bulkExports.listActive();
  const polls = await producer.listScheduledPolls();
  const scheduled = new Set(polls.filter(({ isTooLate }) => !isTooLate).map(({ exportId }) => exportId));
  for (const record of active) {
    try {
      const wereMissing = await ensureExportJobs(deps, { record, isPolled: scheduled.has(record.id) });
      if (wereMissing) logger.warn('export had no job', { exportId: record.id, phase: record.phase });
    } catch (error) {
      // A fault of one record must not delay the others. The next sweep tries it again.
      logger.error('sweep failed for an export', { exportId: record.id, error });
    }
  }
  const polled = new Set(active.filter(({ phase }) => phase === 'exporting').map(({ id }) => id));
  for (const { exportId } of polls) {
    if (!polled.has(exportId)) await producer.unschedule('export.poll', { exportId });
  }
}
