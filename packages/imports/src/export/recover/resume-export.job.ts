import { work } from '@bulkhead/queues';
import type { BulkExport } from '../bulk-export.record.ts';
import { isTerminal } from '../bulk-export-phase.ts';
import type { BulkExportDeps } from '../export-deps.ts';
import { downloadJob, finalizeJob, kickOffJob, resumeJob } from '../jobs.ts';
import { schedulePolls } from '../schedule-polls.ts';

/** Creates the jobs of an export that a retry has resumed. */
export const resumeWork = work(resumeJob, { run: resumeExport });

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
