import { type BulkExport, isTerminal } from '@bulkhead/domain';
import type { UseCaseDeps } from './deps.ts';
import { schedulePolls } from './kick-off-export.ts';

/** The job `export.resume`: gives an export that a retry has resumed the jobs of its phase. */
export async function resumeExport(deps: UseCaseDeps, { exportId }: { readonly exportId: string }): Promise<void> {
  const record = await deps.store.bulkExports.find(exportId);
  if (record) await reviveExport(deps, { record, isPolled: false });
}

/**
 * Gives an export the jobs that its phase needs, where they are not there.
 * @param options.isPolled whether its polls are scheduled.
 * @returns whether there was something to do.
 */
export async function reviveExport(
  deps: UseCaseDeps,
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
