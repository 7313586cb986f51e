import { EhrHttpError, readExportStatus } from '@bulkhead/ehr-client';
import type { Connection } from '@bulkhead/providers';
import { AppError } from '@bulkhead/runtime';
import type { BulkExport } from '../../bulk-export.record.ts';
import type { OutputFile } from '../../output-file.record.ts';
import type { BulkExportDeps } from '../deps.ts';
import { exportGone } from '../fail-export.ts';
import { matchFreshLinks } from './ledger-entries.ts';

/** How servers answer a link that has expired: the signature is not valid any more, or the file is gone. */
const refusedStatuses = new Set([403, 404, 410]);

export function isLinkRefused(error: unknown): boolean {
  return error instanceof EhrHttpError && refusedStatuses.has(error.status);
}

/**
 * Links expire (the manifest's `Expires`); the manifest, asked for again, has fresh ones (FHIR Bulk Data, "Response -
 * Complete Status"). One request serves every file of the export that still waits.
 * @returns the file with its new link.
 * @throws AppError `link-expired` if there is none, or if the fresh one is refused as well; `link-ambiguous`, `export-gone`
 */
export async function refreshLink(
  { store, ehr, logger }: BulkExportDeps,
  options: {
    readonly file: OutputFile;
    readonly record: BulkExport;
    readonly connection: Connection;
    readonly signal: AbortSignal;
  },
): Promise<OutputFile> {
  const { file, record, connection, signal } = options;
  const current = await store.outputFiles.find(file.id);
  // Another download has been here since this one took its link.
  if (current && current.url !== file.url) return current;
  if (!current || current.linkRefreshedAtLine === current.checkpoint.lines) throw linkExpired();
  const status = await readStatus({ session: ehr.session(connection), statusUrl: record.statusUrl ?? '', signal });
  // Another snapshot behind the same address has other files.
  if (status.kind !== 'complete' || status.manifest.transactionTime !== record.transactionTime) throw exportGone();
  const files = await store.outputFiles.listByExport(record.id);
  const { links, unmatched } = matchFreshLinks({ files, entries: status.manifest.entries });
  const { requiresAccessToken } = status.manifest;
  await store.outputFiles.refreshLinks(links.map((one) => ({ ...one, requiresAccessToken })));
  logger.info('links refreshed', { exportId: record.id, count: links.length });
  const refreshed = await store.outputFiles.find(file.id);
  if (!refreshed || refreshed.url === file.url)
    throw unmatched.some(({ section }) => section === file.section) ? linkAmbiguous() : linkExpired();
  return refreshed;
}

async function readStatus(options: Parameters<typeof readExportStatus>[0]) {
  try {
    return await readExportStatus(options);
  } catch (error) {
    if (!isLinkRefused(error)) throw error;
    // Without its export at the server, a file is gone as well.
    throw error instanceof EhrHttpError && error.status === 403 ? linkExpired(error) : exportGone(error);
  }
}

function linkAmbiguous(): AppError {
  return new AppError({
    code: 'link-ambiguous',
    message:
      "The EHR refuses the file's link, and its manifest lists new files that cannot be told apart. Retry the export, which asks for a new one.",
    retry: 'never',
  });
}

function linkExpired(cause?: unknown): AppError {
  return new AppError({
    code: 'link-expired',
    message:
      "The EHR refuses the file's link, and its manifest has no working one. Ask for a new export, which brings what is missing; if that is refused too, verify that the granted scopes cover the type.",
    retry: 'never',
    cause,
  });
}
