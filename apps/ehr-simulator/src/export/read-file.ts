import { setImmediate } from 'node:timers/promises';
import type { ByteRange } from '../http/parse-range.ts';
import type { Practice } from '../practice/practice.ts';
import type { BulkExport, ExportFile } from './bulk-export.ts';
import { cutBytes } from './cut-bytes.ts';

export interface ReadFileInput {
  readonly practice: Practice;
  readonly bulkExport: BulkExport;
  readonly file: ExportFile;
  readonly range: ByteRange;
}

/** The bytes of a file's range, made as they are read: a batch at a time, and only from the checkpoint before it. */
export function readFile({ practice, bulkExport, file, range }: ReadFileInput): AsyncGenerator<Buffer> {
  const checkpoint = file.checkpoints.findLast(({ offsetBytes }) => offsetBytes <= range.first);
  const chunks = checkpoint
    ? snapshotChunks({ practice, bulkExport, type: file.type, ...checkpoint.place })
    : [chunkOf(file.lines ?? [])];
  const skipBytes = range.first - (checkpoint?.offsetBytes ?? 0);
  return cutBytes({ chunks, skipBytes, lengthBytes: range.last - range.first + 1 });
}

interface SnapshotChunksInput extends Pick<ReadFileInput, 'practice' | 'bulkExport'> {
  readonly type: string;
  readonly batch: number;
  readonly position: number;
}

async function* snapshotChunks({
  practice,
  bulkExport,
  type,
  batch,
  position,
}: SnapshotChunksInput): AsyncGenerator<Buffer> {
  const { sinceMs, asOf } = bulkExport;
  for await (const { index, resources } of practice.batches({ type, sinceMs, asOf, fromBatch: batch })) {
    yield chunkOf(resources.slice(index === batch ? position : 0).map(({ text }) => text));
    // A fast reader would otherwise be fed from one microtask to the next, and nobody else be answered meanwhile.
    await setImmediate();
  }
}

function chunkOf(lines: readonly string[]): Buffer {
  let text = '';
  for (const line of lines) text += `${line}\n`;
  return Buffer.from(text);
}
