import { AppError } from '@bulkhead/base';
import type { Connection } from '@bulkhead/connections';
import { EhrHttpError, readExportStatus } from '@bulkhead/ehr';
import type { BulkExport } from '../bulk-export.record.ts';
import { exportError } from '../errors.ts';
import type { BulkExportDeps } from '../export-deps.ts';
import { exportGone } from '../fail-export.ts';
import { matchFreshLinks } from '../ledger-entries.ts';
import type { OutputFile } from '../output-file.record.ts';
import { connectionOf } from '../sent-request.ts';

/** The answers of servers for an expired link: the signature is no longer valid, or the file is gone. */
const refusedStatuses = new Set([403, 404, 410]);

export function isLinkRefused(error: unknown): error is EhrHttpError {
  return error instanceof EhrHttpError && refusedStatuses.has(error.status);
}

/**
 * Links expire (the manifest's `Expires`). If the manifest is requested again, it has new links (FHIR Bulk Data, "Response - Complete
 * Status"). One request refreshes the links of all files of the export that are not settled.
 * @returns the file with its new link
 * @throws AppError `link-expired` if there is no new link, or it was refused as well; `link-ambiguous`, `export-gone`
 */
export async function refreshLink(
  { store, ehr, logger }: BulkExportDeps<'outputFiles'>,
  options: {
    readonly file: OutputFile;
    readonly record: BulkExport;
    readonly connection: Connection;
    /** The answer of the EHR to the link. */
    readonly cause: unknown;
    readonly signal: AbortSignal;
  },
): Promise<OutputFile> {
  const { file, record, connection, cause, signal } = options;
  const current = await store.outputFiles.find(file.id);
  // Another download has refreshed the link since this one read it.
  if (current && current.url !== file.url) return current;
  if (!current || current.linkRefreshedAtLine === current.checkpoint.lines) throw linkExpired(cause);
  const status = await readStatus({
    session: ehr.session(connectionOf(connection, record)),
    statusUrl: record.statusUrl ?? '',
    form: record.statusForm,
    signal,
  });
  // A different transaction time means that the manifest is of another export, with other files.
  if (status.kind !== 'complete' || status.manifest.transactionTime !== record.transactionTime) throw exportGone();
  const files = await store.outputFiles.listOfSlice(record);
  const { links, unmatched } = matchFreshLinks({ files, entries: status.manifest.entries });
  const { requiresAccessToken } = status.manifest;
  await store.outputFiles.refreshLinks(links.map((link) => ({ ...link, requiresAccessToken })));
  logger.info('links refreshed', { exportId: record.id, count: links.length });
  const refreshed = await store.outputFiles.find(file.id);
  if (!refreshed || refreshed.url === file.url)
    throw unmatched.some(({ section }) => section === file.section)
      ? exportError('link-ambiguous')
      : linkExpired(cause);
  return refreshed;
}

async function readStatus(options: Parameters<typeof readExportStatus>[0]) {
  try {
    // The file is ready, so near the end of a day's budget this goes before polls.
    return await readExportStatus({ ...options, priority: 'download' });
  } catch (error) {
    if (!isLinkRefused(error)) throw error;
    // If the server no longer has the export, the file is gone as well.
    throw error instanceof EhrHttpError && error.status === 403 ? linkExpired(error) : exportGone(error);
  }
}

function linkExpired(cause: unknown): AppError {
  return exportError('link-expired', { cause, ehrText: cause instanceof AppError ? cause.ehrText : undefined });
}
