import { ensureExportJobs } from '@bulkhead/bulk-export/steps';
import { ensureDocumentJobs } from '@bulkhead/documents/steps';
import { sweepSchedules } from '@bulkhead/schedules/steps';
import { isStoreUnavailable } from '@bulkhead/store';
import { ensureSyncJobs } from '@bulkhead/sync/steps';
import { ensureWebhookJobs } from '@bulkhead/webhooks/steps';
import type { WorkerDeps } from './deps.ts';

/**
 * Creates the missing jobs of all active records, and removes polls that no record needs. Jobs are missing after a loss of Redis, after a
 * worker crashed between two steps, or if the API stored a record and could not enqueue its job. A fault of one part does not delay the
 * others.
 * @throws the first error of a part, after all of them. Each is logged
 */
export async function sweep(deps: WorkerDeps): Promise<void> {
  const errors: unknown[] = [];
  for (const part of parts) {
    try {
      await part(deps);
    } catch (error) {
      // Each part would wait for MongoDB in vain.
      if (isStoreUnavailable(error)) throw error;
      deps.logger.error('part of the sweep failed', { error });
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

const parts = [
  ensureJobsOfExports,
  ensureJobsOfSyncs,
  ensureWebhookJobs,
  ensureJobsOfRequests,
  sweepSchedules,
  ensureDocumentJobs,
  scheduleMaintenance,
];

async function ensureJobsOfExports(deps: WorkerDeps): Promise<void> {
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

async function ensureJobsOfSyncs(deps: WorkerDeps): Promise<void> {
  const { store, logger } = deps;
  for (const run of await store.syncRuns.listActive()) {
    if (await ensureSyncJobs(deps, run)) logger.warn('sync had no job', { syncRunId: run.id, phase: run.phase });
  }
}

/** What users have requested, and what follows from it at the EHR. */
async function ensureJobsOfRequests({ store, producer }: WorkerDeps): Promise<void> {
  for (const { id: exportId } of await store.bulkExports.listDiscardable()) {
    await producer.ensure('export.discard', { exportId });
  }
  for (const connectionId of await store.connections.listDeletedIds()) {
    await producer.ensure('connection.revoke', { connectionId });
  }
  for (const erasureId of await store.erasures.listActiveIds())
    await producer.ensure('maintenance.erase', { erasureId });
}

/** Retention is counted in days. After a loss of Redis it is at most an hour late, and a long pass continues after an hour. */
const retainEveryMs = 60 * 60_000;
/** A backlog that lasts a minute is worth showing. */
const sampleEveryMs = 60_000;

/** Events that were removed within an hour are not missed by a comparison with a kept head. */
const keepHeadEveryMs = 60 * 60_000;

async function scheduleMaintenance({ producer }: WorkerDeps): Promise<void> {
  const repeated = [
    { name: 'maintenance.retain', everyMs: retainEveryMs },
    { name: 'maintenance.sample-history', everyMs: sampleEveryMs },
    { name: 'maintenance.keep-audit-head', everyMs: keepHeadEveryMs },
  ] as const;
  for (const { name, everyMs } of repeated) {
    if (!(await producer.isScheduled(name, {}))) await producer.schedule({ name, payload: {}, everyMs });
  }
}
