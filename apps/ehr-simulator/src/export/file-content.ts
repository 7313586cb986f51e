import { setImmediate } from 'node:timers/promises';
import type { Practice } from '../practice/practice.ts';
import type { BulkExport, Checkpoint, ExportFile } from './bulk-export.ts';
import { selectResources } from './select-resources.ts';

/** A file that can be served in parts. */
export interface FileContent {
  readonly sizeBytes: number;
  readonly etag: string;
  read(range: ByteRange): AsyncIterable<Buffer>;
}

interface ReadFileInput {
  readonly practice: Practice;
  readonly bulkExport: BulkExport;
  readonly file: ExportFile;
  readonly range: ByteRange;
}

/** Generates the bytes of a range, one batch at a time and starting at the checkpoint before it. */
export function readFile({ practice, bulkExport, file, range }: ReadFileInput): AsyncGenerator<Buffer> {
  const checkpoint = file.checkpoints.findLast(({ offsetBytes }) => offsetBytes <= range.first);
  const chunks = checkpoint
    ? snapshotChunks({ practice, bulkExport, file }, checkpoint.place)
    : [chunkOf(file.lines ?? [])];
  const offset = checkpoint?.offsetBytes ?? 0;
  return cutBytes(chunks, { first: range.first - offset, last: range.last - offset });
}

async function* snapshotChunks(
  { practice, bulkExport, file: { type } }: Omit<ReadFileInput, 'range'>,
  { batch, position }: Checkpoint['place'],
): AsyncGenerator<Buffer> {
  const { sinceMs, asOf, selection } = bulkExport;
  for await (const { index, resources } of practice.batches({ type, sinceMs, asOf, fromBatch: batch })) {
    const selected = selectResources(resources, selection);
    yield chunkOf(selected.slice(index === batch ? position : 0).map(({ text }) => text));
    // Without this pause a fast reader would run from one microtask to the next and block all other requests.
    await setImmediate();
  }
}

function chunkOf(lines: readonly string[]): Buffer {
  let text = '';
  for (const line of lines) text += `${line}\n`;
  return Buffer.from(text);
}

/** Returns a part of a stream. Bytes after it are not generated. */
export async function* cutBytes(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  { first, last }: ByteRange,
): AsyncGenerator<Buffer> {
  let skip = first;
  let remainingBytes = last - first + 1;
  if (remainingBytes <= 0) return;
  for await (const chunk of chunks) {
    const part = chunk.subarray(Math.min(skip, chunk.length)).subarray(0, remainingBytes);
    skip = Math.max(0, skip - chunk.length);
    remainingBytes -= part.length;
    if (part.length > 0) yield part;
    if (remainingBytes <= 0) return;
  }
}

/** Both ends are inclusive, as in Content-Range. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Parses one range of `bytes=` (RFC 9110, 14.1.2). Several ranges or an invalid header are ignored, as the RFC allows.
 * @returns undefined to send the whole file, `unsatisfiable` to answer 416.
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | 'unsatisfiable' | undefined {
  const parts = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!parts) return undefined;
  const [, from = '', to = ''] = parts;
  if (from === '' && to === '') return undefined;
  const first = from === '' ? Math.max(0, sizeBytes - Number(to)) : Number(from);
  const last = from === '' || to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined;
  return first >= sizeBytes || (from === '' && Number(to) === 0) ? 'unsatisfiable' : { first, last };
}
