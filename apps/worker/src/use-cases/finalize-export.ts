import { type BulkExport, type OutputFile, settledTypes } from '@bulkhead/domain';
import { deleteExport } from '@bulkhead/ehr-client';
import type { ExportStep, UseCaseDeps } from './deps.ts';
import { failExport } from './fail-export.ts';

/** Ends an export whose files are all settled: watermarks, the server's "done" signal, the sums. */
export async function finalizeExport(deps: UseCaseDeps, { exportId, signal }: ExportStep): Promise<void> {
  const { store, logger, now } = deps;
  const found = await store.bulkExports.find(exportId);
  if (found?.phase !== 'downloading' && found?.phase !== 'finalizing') return;
  // The ledger decides, not the queue: a file whose job is gone gets a new one from the sweep.
  if ((await store.outputFiles.listUnsettledIds(exportId)).length > 0) return;
  const record =
    found.phase === 'downloading' ? await store.bulkExports.transition({ from: found, to: 'finalizing' }) : found;
  if (!record) return;
  const files = await store.outputFiles.listByExport(exportId);
  const failed = files.filter(({ state }) => state === 'failed');
  if (files.length > 0 && failed.length === files.length)
    return failExport(deps, { exportId, error: allFailed(failed) });

  await advanceWatermarks(deps, { record, files });
  const counts = await store.outputFiles.sum(exportId);
  await warnOfLosses(deps, { record, failed, quarantined: counts.quarantined });
  // With failed files the server keeps its export, so that they can still be had.
  if (failed.length === 0) await signalDone(deps, { record, signal });
  const change = { counts, completedAt: now() };
  await store.bulkExports.transition({ from: record, to: 'completed', change });
  logger.info('export completed', { exportId, counts });
}

async function advanceWatermarks(
  { store }: UseCaseDeps,
  { record, files }: { readonly record: BulkExport; readonly files: readonly OutputFile[] },
): Promise<void> {
  const { connectionId, transactionTime, request, id: exportId } = record;
  if (transactionTime === undefined) return;
  const at = new Date(transactionTime);
  for (const resourceType of settledTypes({ requestedTypes: request.resourceTypes, files })) {
    await store.watermarks.advance({ connectionId, resourceType, transactionTime, at, exportId });
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
  if (quarantined > 0) {
    const message = `${quarantined} lines are no usable resources; they are kept in the quarantine.`;
    await store.bulkExports.warn({ id: record.id, code: 'lines-quarantined', message });
  }
}

/** DELETE on the status URL, only now that the data is safe. A server that fails to take it does not fail the export. */
async function signalDone(
  { store, ehr, logger }: UseCaseDeps,
  { record, signal }: { readonly record: BulkExport; readonly signal: AbortSignal },
): Promise<void> {
  const connection = await store.connections.find(record.connectionId);
  if (!connection || record.statusUrl === undefined) return;
  try {
    await deleteExport({ session: ehr.session(connection), statusUrl: record.statusUrl, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    logger.warn('export not deleted at the EHR', { exportId: record.id, error });
    const message = 'The EHR did not take the signal that the data is safe; it deletes its files when they expire.';
    await store.bulkExports.warn({ id: record.id, code: 'not-deleted', message });
  }
}

function allFailed(failed: readonly OutputFile[]) {
  const first = failed[0]?.error;
  return {
    code: 'all-files-failed',
    message: `None of the ${failed.length} files could be stored. The first one: ${first?.message ?? 'unknown'}`,
  };
}
