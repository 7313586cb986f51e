import type { Practice } from '../practice/practice.ts';
import type { BulkExport, ExportFile } from './bulk-export.ts';

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
  const lines = chunked(urls).map(bundleOf);
  const sizeBytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  return [
    { name: 'deleted.ndjson', kind: 'deleted', type: 'Bundle', count: lines.length, sizeBytes, checkpoints: [], lines },
  ];
}

function chunked(urls: readonly string[]): string[][] {
  const chunks: string[][] = [];
  for (let start = 0; start < urls.length; start += entriesPerBundle) {
    chunks.push(urls.slice(start, start + entriesPerBundle));
  }
  return chunks;
}

function bundleOf(urls: readonly string[]): string {
  const entry = urls.map((url) => ({ request: { method: 'DELETE', url } }));
  return JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry });
}
