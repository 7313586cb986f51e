import { setImmediate } from 'node:timers/promises';
import type { Practice } from '../practice/practice.ts';
import type { BulkExport, Checkpoint, ExportFile } from './bulk-export.ts';
import { selectResources } from './select-resources.ts';

interface MeasureFilesInput {
  readonly practice: Practice;
  readonly bulkExport: BulkExport;
  readonly type: string;
  readonly resourcesPerFile: number;
  readonly signal: AbortSignal;
}

/** The maximum that a ranged read generates and discards. */
const checkpointEveryBytes = 4 * 1024 * 1024;

interface OpenFile {
  count: number;
  sizeBytes: number;
  readonly checkpoints: Checkpoint[];
}

/**
 * Lays out the files of one type. It reads the snapshot once and only counts resources and bytes, so that manifests
 * have exact counts and files an exact Content-Length. At about 600 MB/s this is done before the time of most exports
 * is over.
 */
export async function measureFiles({
  practice,
  bulkExport,
  type,
  resourcesPerFile,
  signal,
}: MeasureFilesInput): Promise<ExportFile[]> {
  const { sinceMs, asOf, selection } = bulkExport;
  const files: OpenFile[] = [];
  let file: OpenFile | undefined;
  for await (const { index, resources } of practice.batches({ type, sinceMs, asOf })) {
    signal.throwIfAborted();
    for (const [position, { text }] of selectResources(resources, selection).entries()) {
      if (!file || file.count === resourcesPerFile) {
        file = { count: 0, sizeBytes: 0, checkpoints: [{ offsetBytes: 0, place: { batch: index, position } }] };
        files.push(file);
      }
      file.count += 1;
      file.sizeBytes += Buffer.byteLength(text) + 1;
    }
    if (file) addCheckpoint(file, index + 1);
    await setImmediate();
  }
  return files.map((measured, index) => ({ ...measured, kind: 'output', type, name: fileName(type, index) }));
}

function addCheckpoint(file: OpenFile, batch: number): void {
  const { offsetBytes = 0 } = file.checkpoints.at(-1) ?? {};
  if (file.sizeBytes - offsetBytes < checkpointEveryBytes) return;
  file.checkpoints.push({ offsetBytes: file.sizeBytes, place: { batch, position: 0 } });
}

function fileName(type: string, index: number): string {
  return index === 0 ? `${type}.ndjson` : `${type}.${index + 1}.ndjson`;
}

/** Small, so that tests meet Bundles with several entries and files with several Bundles. */
const entriesPerBundle = 3;

/**
 * The file with the deletions after `_since`, as transaction Bundles. No file without `_since` or without deletions.
 */
export function deletedFiles(practice: Practice, bulkExport: BulkExport): ExportFile[] {
  const { types, sinceMs, asOf } = bulkExport;
  if (sinceMs === undefined) return [];
  const urls = types.flatMap((type) => practice.deletedSince({ type, sinceMs, asOf }).map((id) => `${type}/${id}`));
  if (urls.length === 0) return [];
  const lines = chunked(urls, entriesPerBundle).map(deletionBundle);
  return [heldFile({ name: 'deleted.ndjson', kind: 'deleted', type: 'Bundle', lines })];
}

/** One line of a `deleted` file: a transaction Bundle with a DELETE entry for each `Type/id`. */
export function deletionBundle(urls: readonly string[]): string {
  const entry = urls.map((url) => ({ request: { method: 'DELETE', url } }));
  return JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry });
}

/** A small file that is held as its lines. */
export function heldFile({
  lines,
  ...file
}: Required<Pick<ExportFile, 'name' | 'kind' | 'type' | 'lines'>>): ExportFile {
  const sizeBytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  return { ...file, lines, count: lines.length, sizeBytes, checkpoints: [] };
}

/** Splits items into groups of `size`. The last group may be smaller. */
export function chunked<Item>(items: readonly Item[], size: number): Item[][] {
  const chunks: Item[][] = [];
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}
