import type { FeatureWork } from '@bulkhead/store';
import { notifyJob } from '@bulkhead/webhooks/jobs';
import { ignoreIfEnded, recordGone } from '../../runs/index.ts';
import { cancelExport } from '../cancel-and-retry.ts';
import { recount } from '../download/replay-file-line.ts';
import type { BulkExportDeps } from '../export-deps.ts';
import { discardExport } from '../finish/discard-export.job.ts';
import { discardJob, pollJob } from '../jobs.ts';
import { namesPatient } from '../patients/slice.ts';
import { ensureExportJobs } from './resume-export.job.ts';

export function exportWork(
  deps: BulkExportDeps<'bulkExports' | 'connections' | 'outputFiles' | 'quarantine'>,
): FeatureWork {
  const { store, producer } = deps;
  return {
    // Its record would still name the patient afterwards.
    async isBusyWith({ connectionId, patientId }) {
      const active = await store.bulkExports.listActiveOf(connectionId);
      return active.some((record) => namesPatient(record, patientId));
    },

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
      for (const { source, fileId, runId: exportId } of await store.quarantine.listWithheld(connectionId))
        if (source !== 'sync') await recount(deps, { fileId, exportId });
    },

    async ensureJobs() {
      await ensureJobsOfActive(deps);
      for (const { id: exportId } of await store.bulkExports.listDiscardable())
        await producer.ensure(discardJob, { exportId });
      for (const id of await store.bulkExports.listUnnotifiedIds())
        await producer.ensure(notifyJob, { kind: 'bulk-export', id });
    },
  };
}

/** Also removes polls that no export needs. */
async function ensureJobsOfActive(deps: BulkExportDeps<'bulkExports' | 'outputFiles'>): Promise<void> {
  const { store, producer, logger } = deps;
  const active = await store.bulkExports.listActive();
  const polls = await producer.listScheduled(pollJob);
  const scheduled = new Set(polls.filter(({ isTooLate }) => !isTooLate).map(({ payload }) => payload.exportId));
  let repaired = 0;
  for (const record of active) {
    try {
      const wereMissing = await ensureExportJobs(deps, { record, isPolled: scheduled.has(record.id) });
      if (wereMissing) repaired += 1;
    } catch (error) {
      // A fault of one record must not delay the others. The next sweep tries it again.
      logger.error('sweep failed for an export', { exportId: record.id, error });
    }
  }
  if (repaired > 0) logger.warn('exports had no job', { count: repaired });
  const polled = new Set(active.filter(({ phase }) => phase === 'exporting').map(({ id }) => id));
  for (const { exportId = '' } of polls.map(({ payload }) => payload))
    if (!polled.has(exportId)) await producer.unschedule(pollJob, { exportId });
}
