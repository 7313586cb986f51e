import type { BulkExport } from '../bulk-export.record.ts';
import { isTerminal } from '../bulk-export-phase.ts';
import type { BulkExportDeps } from './deps.ts';
import { schedulePolls } from './kick-off.ts';

/** The job `export.resume`: creates the jobs of an export that a retry has resumed. */
export async function resumeExport(deps: BulkExportDeps, { exportId }: { readonly exportId: string }): Promise<void> {
  const record = await deps.store.bulkExports.find(exportId);
  if (record) await ensureExportJobs(deps, { record, isPolled: false });
}

/**
 * Creates the jobs that an export needs in its phase, if they do not exist.
 * @param options.isPolled whether its polls are scheduled
 * @returns whether jobs were missing
 */
export async function ensureExportJobs(
  deps: BulkExportDeps,
  { record, isPolled }: { readonly record: BulkExport; readonly isPolled: boolean },
): Promise<boolean> {
  const { store, producer } = deps;
  const { id: exportId, phase } = record;
  if (isTerminal(phase)) return false;
  if (phase === 'queued' || phase === 'kicking-off') return producer.ensure('export.kick-off', { exportId });
  if (phase === 'exporting') {
    if (!isPolled) await schedulePolls(deps, record);
    return !isPolled;
  }
  const unsettled = await store.outputFiles.listUnsettledIds(exportId);
  if (unsettled.length === 0) return producer.ensure('export.finalize', { exportId });
  return producer.ensureDownloads({ exportId, fileIds: unsettled });
}
