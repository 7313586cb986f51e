import { deleteExport, EhrHttpError } from '@bulkhead/ehr';
import { type RetryAt, work } from '@bulkhead/queues';
import { urlsAtServer } from '../bulk-export.record.ts';
import { isTerminal } from '../bulk-export-phase.ts';
import type { BulkExportDeps, ExportStep } from '../export-deps.ts';
import { discardJob } from '../jobs.ts';
import { connectionOf } from '../sent-request.ts';

export const discardWork = work(discardJob, { run: discardExport });

/** Answers of a server that does not know the method. */
const hasNoDelete: ReadonlySet<number> = new Set([405, 501]);

/**
 * Sends DELETE to the status URL, which means that the data was received or is no longer wanted (FHIR Bulk Data, "Delete Request").
 * Until then some servers allow the client no other export. A server that rejects the request deletes its files when they expire, so a
 * rejection does not fail the export.
 */
export async function discardExport(
  { store, ehr, logger }: BulkExportDeps<'bulkExports' | 'connections'>,
  { exportId, signal, retryAt }: ExportStep & { readonly retryAt: RetryAt },
): Promise<void> {
  const record = await store.bulkExports.find(exportId);
  if (!record) return;
  const connection = await store.connections.findEvenDeleted(record.connectionId);
  const discard = async (statusUrl: string): Promise<void> => {
    try {
      if (connection) await deleteExport({ session: ehr.session(connectionOf(connection, record)), statusUrl, signal });
    } catch (error) {
      if (retryAt(error) !== undefined) throw error;
      logger.warn('export not deleted at the EHR', { exportId, error });
      // This is so for every export of the server, so it is not worth a warning.
      if (error instanceof EhrHttpError && hasNoDelete.has(error.status)) return;
      const message =
        'The EHR rejected the deletion of its export, so the files stay there until the EHR removes them. This changes nothing here.';
      await store.bulkExports.warn({ id: exportId, code: 'not-deleted', message });
    }
  };
  for (const statusUrl of record.orphans ?? []) {
    if (statusUrl !== record.statusUrl) await discard(statusUrl);
    await store.bulkExports.removeOrphan({ id: exportId, statusUrl });
  }
  const left = urlsAtServer(record);
  if (record.discard !== 'due' || left.length === 0 || !isTerminal(record.phase)) return;
  for (const url of left) await discard(url);
  await store.bulkExports.markDiscarded(exportId);
  await store.bulkExports.forgetKeptOut(record);
}
