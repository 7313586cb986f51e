import type { Practice } from '../practice/practice.ts';
import type { BulkExport, ExportFile } from './bulk-export.ts';
import { chunked } from './chunked.ts';
import { deletionBundle } from './deletion-bundle.ts';
import { heldFile } from './held-file.ts';

/** Several deletions in a Bundle, and soon more than one Bundle: clients must read both. */
const entriesPerBundle = 3;

/** The file of transaction Bundles that tells what was deleted after `_since`; none without `_since` or deletions. */
export function deletedFiles({
  practice,
  bulkExport,
}: {
  readonly practice: Practice;
  readonly bulkExport: BulkExport;
}): ExportFile[] {
  const { types, sinceMs, asOf } = bulkExport;
  if (sinceMs === undefined) return [];
  const urls = types.flatMap((type) => practice.deletedSince({ type, sinceMs, asOf }).map((id) => `${type}/${id}`));
  if (urls.length === 0) return [];
  const lines = chunked({ items: urls, size: entriesPerBundle }).map(deletionBundle);
  return [heldFile({ name: 'deleted.ndjson', kind: 'deleted', type: 'Bundle', lines })];
}
