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

/** The resources that are stored, or for which it is known why not. */
export function accountedFor(counts: BulkExport['counts']): number {
  const { stored, stale, quarantined, withheld = 0 } = counts;
  return stored + stale + quarantined + withheld;
}

const levels = { Patient: 'All patients', Group: 'The group', System: 'The whole server' } as const;
/** More types would make a row of the list high. */
const shownTypes = 3;

/** What was requested: "All patients: Observation, Condition, since the last export". */
export function requestText({ exportType, resourceTypes, since, sinceLast, typeFilters = [] }: BulkExport['request']) {
  const types = resourceTypes.slice(0, shownTypes).join(', ');
  const others = resourceTypes.length - shownTypes;
  const typeText = types === '' ? '' : `: ${types}${others > 0 ? ` and ${others} more` : ''}`;
  const sinceText = sinceLast ? ', since the last export' : since === undefined ? '' : ', since a time';
  return `${levels[exportType]}${typeText}${sinceText}${typeFilters.length > 0 ? ', filtered' : ''}`;
}

/** A cancelled export cannot be retried. */
export function canRetryExport({ status, counts: { filesFailed } }: Run): boolean {
  return status === 'FAILED' || (status === 'COMPLETED' && filesFailed > 0);
}
