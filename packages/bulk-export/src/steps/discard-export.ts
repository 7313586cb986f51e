import { deleteExport } from '@bulkhead/ehr-client';
import type { RetryAt } from '@bulkhead/queues';
import { isTerminal } from '../bulk-export-phase.ts';
import type { BulkExportDeps, ExportStep } from './deps.ts';

/**
 * DELETE on the status URL: "the data is safe", or "no longer wanted" (FHIR Bulk Data, "Delete Request"). Some servers allow
 * one export per client until it came. A server that does not take it deletes its files when they expire, so the
 * export is none the worse.
 */
export async function discardExport(
  { store, ehr, logger }: BulkExportDeps,
  { exportId, signal, retryAt }: ExportStep & { readonly retryAt: RetryAt },
): Promise<void> {
  const record = await store.bulkExports.find(exportId);
  if (!record) return;
  const { connectionId } = record;
  // Of a connection that is being deleted, what is left of it still opens the EHR.
  const connection =
    (await store.connections.find(connectionId)) ?? (await store.connections.findDeleted(connectionId))?.connection;
  const discard = async (statusUrl: string): Promise<void> => {
    try {
      if (connection) await deleteExport({ session: ehr.session(connection), statusUrl, signal });
    } catch (error) {
      if (retryAt(error) !== undefined) throw error;
      logger.warn('export not deleted at the EHR', { exportId, error });
      const message =
        'The EHR did not accept that its export is deleted. It deletes the export itself when it expires.';
      await store.bulkExports.warn({ id: exportId, code: 'not-deleted', message });
    }
  };
  for (const statusUrl of record.orphans ?? []) {
    if (statusUrl !== record.statusUrl) await discard(statusUrl);
    await store.bulkExports.removeOrphan({ id: exportId, statusUrl });
  }
  if (record.discard !== 'due' || record.statusUrl === undefined || !isTerminal(record.phase)) return;
  await discard(record.statusUrl);
  await store.bulkExports.markDiscarded(exportId);
}
