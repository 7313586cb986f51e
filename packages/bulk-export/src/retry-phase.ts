import type { BulkExport } from './bulk-export.record.ts';
import type { BulkExportPhase } from './bulk-export-phase.ts';

/** Errors after which the server's own export is of no more use: a retry has to kick off a new one. */
const lostAtServer: ReadonlySet<string> = new Set(['export-gone', 'export-failed-at-ehr', 'export-timeout']);

/** Errors of a file that only a new export at the server can mend. */
const lostFiles: ReadonlySet<string> = new Set(['export-gone', 'link-ambiguous']);

/**
 * The phase in which a retry takes an ended export up again, so that only what is missing is done.
 * @param fileErrors codes of the ledger's failed files
 * @returns undefined if there is nothing to retry
 */
export function retryPhase(
  record: Pick<BulkExport, 'phase' | 'error' | 'statusUrl' | 'transactionTime' | 'counts' | 'retriedAt'>,
  fileErrors: readonly string[],
): Extract<BulkExportPhase, 'queued' | 'exporting' | 'downloading'> | undefined {
  const { phase, error, statusUrl, transactionTime, counts, retriedAt } = record;
  // A link that a first retry did not mend is lost, too.
  const isLost = fileErrors.some((code) => lostFiles.has(code) || (code === 'link-expired' && retriedAt !== undefined));
  if (phase === 'completed' && counts.filesFailed > 0) return isLost ? 'queued' : 'downloading';
  if (phase !== 'failed') return undefined;
  if (isLost) return 'queued';
  // The ledger is there: its failed files are what is missing.
  if (transactionTime !== undefined) return 'downloading';
  return statusUrl !== undefined && !lostAtServer.has(error?.code ?? '') ? 'exporting' : 'queued';
}
