import { isTerminal } from '@bulkhead/domain';
import { deleteExport } from '@bulkhead/ehr-client';
import type { RetryAt } from '@bulkhead/queues';
import type { ExportStep, UseCaseDeps } from './deps.ts';

/**
 * DELETE on the status URL: "the data is safe", or "no longer wanted" (FHIR Bulk Data, "Delete Request"). Some servers allow
 * one export per client until it came. A server that does not take it deletes its files when they expire, so the
 * export is none the worse.
 */
export async function discardExport(
  { store, ehr, logger }: UseCaseDeps,
  { exportId, signal, retryAt }: ExportStep & { readonly retryAt: RetryAt },
): Promise<void> {
  const record = await store.bulkExports.find(exportId);
  if (record?.discard !== 'due' || record.statusUrl === undefined || !isTerminal(record.phase)) return;
  const connection = await store.connections.find(record.connectionId);
  try {
    if (connection) await deleteExport({ session: ehr.session(connection), statusUrl: record.statusUrl, signal });
  } catch (error) {
    if (retryAt(error) !== undefined) throw error;
    logger.warn('export not deleted at the EHR', { exportId, error });
    const message =
      'The EHR did not take the signal that its export can be deleted; it does so when the export expires.';
    await store.bulkExports.warn({ id: exportId, code: 'not-deleted', message });
  }
  await store.bulkExports.markDiscarded(exportId);
}
