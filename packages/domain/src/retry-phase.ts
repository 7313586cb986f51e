import type { BulkExport } from './bulk-export.ts';
import type { BulkExportPhase } from './bulk-export-phase.ts';

/** Errors after which the server's own export is of no use any more: a retry has to kick off a new one. */
const lostAtServer: ReadonlySet<string> = new Set(['export-gone', 'export-failed-at-ehr', 'export-timeout']);

/**
 * The phase in which a retry takes an ended export up again, so that only what is missing is done.
 * @returns undefined where there is nothing to retry.
 */
export function retryPhase(
  record: Pick<BulkExport, 'phase' | 'error' | 'statusUrl' | 'transactionTime' | 'counts'>,
): Extract<BulkExportPhase, 'queued' | 'exporting' | 'downloading'> | undefined {
  const { phase, error, statusUrl, transactionTime, counts } = record;
  if (phase === 'completed') return counts.filesFailed > 0 ? 'downloading' : undefined;
  if (phase !== 'failed') return undefined;
  // The ledger is there: its failed files are what is missing.
  if (transactionTime !== undefined) return 'downloading';
  return statusUrl !== undefined && !lostAtServer.has(error?.code ?? '') ? 'exporting' : 'queued';
}
