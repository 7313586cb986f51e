import { defineJob, minuteMs, threeTimes } from '@bulkhead/queues';
import type { BulkExport } from '../bulk-export.record.ts';
import { isTerminal } from '../bulk-export-phase.ts';
import { downloadJob } from '../download/download-file.job.ts';
import type { BulkExportDeps } from '../export-deps.ts';
import { exportPayload } from '../export-payload.ts';
import { finalizeJob } from '../finish/finalize-export.job.ts';
import { kickOffJob } from '../kick-off/kick-off.job.ts';
import { schedulePolls } from '../poll/poll-export.job.ts';

/** Creates the jobs of an export that a retry has resumed. */
export const resumeJob = defineJob({
  name: 'export.resume',
  queue: 'bulk-export',
  payload: exportPayload,
  jobId: ({ exportId }) => `resume.${exportId}`,
  // The sweep does the same within a minute.
  ...threeTimes,
  timeoutMs: 2 * minuteMs,
  tracedIds: ['exportId'],
  uses: ['bulkExports', 'outputFiles'],
  run: resumeExport,
});

async function resumeExport(
  deps: BulkExportDeps<'bulkExports' | 'outputFiles'>,
  { exportId }: { readonly exportId: string },
): Promise<void> {
  const record = await deps.store.bulkExports.find(exportId);
  if (record) await ensureExportJobs(deps, { record, isPolled: false });
}

/**
 * Creates the jobs that an export needs in its phase, if they do not exist.
 * @param options.isPolled whether its polls are scheduled
 * @returns whether jobs were missing
 */
export async function ensureExportJobs(
  deps: BulkExportDeps<'outputFiles'>,
  { record, isPolled }: { readonly record: BulkExport; readonly isPolled: boolean },
): Promise<boolean> {
  const { store, producer } = deps;
  const { id: exportId, phase } = record;
  if (isTerminal(phase)) return false;
  if (phase === 'queued' || phase === 'kicking-off') return producer.ensure(kickOffJob, { exportId });
  if (phase === 'exporting') {
    if (!isPolled) await schedulePolls(deps, record);
    return !isPolled;
  }
  const unsettled = await store.outputFiles.listUnsettledIds(exportId);
  if (unsettled.length === 0) return producer.ensure(finalizeJob, { exportId });
  return producer.ensureAll(
    downloadJob,
    unsettled.map((fileId) => ({ exportId, fileId })),
  );
}
