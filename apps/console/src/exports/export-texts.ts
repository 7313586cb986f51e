import type { BulkExport } from '../api/api.ts';
import { formatCount } from '../parts/format.ts';

type Run = Pick<BulkExport, 'status' | 'counts'>;

/** Why an export has no files. */
export function noFilesText(status: BulkExport['status']): { readonly title: string; readonly text: string } {
  if (status === 'IN_PROGRESS')
    return { title: 'No files yet', text: 'The EHR lists its files when its export is complete.' };
  if (status === 'COMPLETED') return { title: 'No files', text: 'The EHR had nothing to export.' };
  return { title: 'No files', text: 'The export ended before the EHR had listed its files.' };
}

/** How many files are stored. Before the EHR has listed its files, their number is not known. */
export function filesText({ status, counts: { files, filesCompleted } }: Run): string {
  if (files === 0) return status === 'IN_PROGRESS' ? 'not known yet' : 'none';
  return `${formatCount(filesCompleted)} of ${formatCount(files)}`;
}

/** A cancelled export cannot be retried. */
export function canRetryExport({ status, counts: { filesFailed } }: Run): boolean {
  return status === 'FAILED' || (status === 'COMPLETED' && filesFailed > 0);
}
