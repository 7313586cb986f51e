import type { BulkExport } from '../bulk-export.record.ts';
import { isTerminal } from '../bulk-export-phase.ts';
import type { BulkExportDeps } from './deps.ts';
import { schedulePolls } from './kick-off.ts';

/** The job `export.resume`: gives an export that a retry has resumed the jobs of its phase. */
export async function resumeExport(deps: BulkExportDeps, { exportId }: { readonly exportId: string }): Promise<void> {
  const record = await deps.store.bulkExports.find(exportId);
  if (record) await reviveExport(deps, { record, isPolled: false });
}

/**
 * Gives an export the jobs that its phase needs, where they are not there.
 * @param options.isPolled whether its polls are scheduled.
 * @returns whether there was something to do.
 */
export async function reviveExport(
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
