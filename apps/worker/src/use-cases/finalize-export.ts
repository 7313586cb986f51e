import { type BulkExport, leavesNoGap, type OutputFile, settledTypes } from '@bulkhead/domain';
import type { ExportStep, UseCaseDeps } from './deps.ts';
import { failExport } from './fail-export.ts';
import { isTypeWithheld } from './manifest-warnings.ts';

/** Ends an export whose files are all settled: watermarks, the server's "done" signal, the sums. */
export async function finalizeExport(deps: UseCaseDeps, { exportId }: Pick<ExportStep, 'exportId'>): Promise<void> {
  const { store, producer, logger, now } = deps;
  const found = await store.bulkExports.find(exportId);
  if (found?.phase !== 'downloading' && found?.phase !== 'finalizing') return;
  // The ledger decides, not the queue: a file whose job is gone gets a new one from the sweep.
  if ((await store.outputFiles.listUnsettledIds(exportId)).length > 0) return;
  const record =
    found.phase === 'downloading' ? await store.bulkExports.transition({ from: found, to: 'finalizing' }) : found;
  if (!record) return;
  const files = await store.outputFiles.listByExport(exportId);
  const failed = files.filter(({ state }) => state === 'failed');
  if (failed.length > 0 && !files.some(({ state }) => state === 'completed'))
    return failExport(deps, { exportId, error: allFailed(failed) });

  await advanceWatermarks(deps, { record, files });
  const counts = await store.outputFiles.sum(exportId);
  await warnOfLosses(deps, { record, failed, quarantined: counts.quarantined });
  // Only now is the data safe. With failed files the server keeps its export, so that a retry can still have them.
  const isDone = failed.length === 0 && record.statusUrl !== undefined;
  const change = { counts, completedAt: now(), ...(isDone ? { discard: 'due' as const } : {}) };
  if (!(await store.bulkExports.transition({ from: record, to: 'completed', change }))) return;
  if (isDone) await producer.enqueueAgain('export.discard', { exportId });
  await producer.enqueueAgain('webhook.notify', { kind: 'bulk-export', id: exportId });
  logger.info('export completed', { exportId, counts });
}

async function advanceWatermarks(
  { store }: UseCaseDeps,
  { record, files }: { readonly record: BulkExport; readonly files: readonly OutputFile[] },
): Promise<void> {
  const { connectionId, transactionTime, request, manifestGaps, id: exportId } = record;
  if (transactionTime === undefined) return;
  const { exportType } = request;
  const at = new Date(transactionTime);
  const since = record.droppedParameters.includes('_since') ? undefined : request.since;
  const watermarks = await store.watermarks.list({ connectionId, exportType });
  const isWithheld = (type: string) => isTypeWithheld(record, type);
  for (const resourceType of settledTypes({ request, files, manifestGaps, isWithheld })) {
    if (!leavesNoGap({ since, resourceType, watermarks })) continue;
    await store.watermarks.advance({ connectionId, exportType, resourceType, transactionTime, at, exportId });
  }
}

async function warnOfLosses(
  { store }: UseCaseDeps,
  options: { readonly record: BulkExport; readonly failed: readonly OutputFile[]; readonly quarantined: number },
): Promise<void> {
  const { record, failed, quarantined } = options;
  if (failed.length > 0) {
    const message = `${failed.length} files could not be stored; their states say why. Their types keep their old watermark.`;
    await store.bulkExports.warn({ id: record.id, code: 'files-failed', message });
  }
  const issues = await store.outputFiles.sumIssues(record.id);
  for (const { severity, code, count } of issues) {
    const message = `The EHR reports ${count} problems of its own with the export: ${severity}, ${code}.`;
    await store.bulkExports.warn({ id: record.id, code: 'reported-by-ehr', message });
  }
  if (quarantined > 0) {
    const message = `Lines that are no usable resources, kept in the quarantine: ${quarantined}.`;
    await store.bulkExports.warn({ id: record.id, code: 'lines-quarantined', message });
  }
}

function allFailed(failed: readonly OutputFile[]) {
  const first = failed[0]?.error;
  return {
    code: 'all-files-failed',
    message: `None of the ${failed.length} files could be stored. The first one: ${first?.message ?? 'unknown'}`,
  };
}
