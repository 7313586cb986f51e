import { setImmediate } from 'node:timers/promises';
import type { Practice } from '../practice/practice.ts';
import type { BulkExport, Checkpoint, ExportFile } from './bulk-export.ts';

export interface MeasureFilesInput {
  readonly practice: Practice;
  readonly bulkExport: BulkExport;
  readonly type: string;
  readonly resourcesPerFile: number;
  readonly signal: AbortSignal;
}

/** What a ranged read may have to generate in vain. */
const checkpointEveryBytes = 4 * 1024 * 1024;

interface OpenFile {
  count: number;
  sizeBytes: number;
  readonly checkpoints: Checkpoint[];
}

/**
 * Lays out the files of one type: reads the snapshot once, counting resources and bytes and keeping nothing. That is
 * the work of a running export, so manifests have exact counts and every file an exact Content-Length; at some
 * 600 MB/s it is over before most exports' time is.
 */
export async function measureFiles({
  practice,
  bulkExport,
  type,
  resourcesPerFile,
  signal,
}: MeasureFilesInput): Promise<ExportFile[]> {
  const { sinceMs, asOf } = bulkExport;
  const files: OpenFile[] = [];
  let file: OpenFile | undefined;
  for await (const { index, resources } of practice.batches({ type, sinceMs, asOf })) {
    signal.throwIfAborted();
    for (const [position, { text }] of resources.entries()) {
      if (!file || file.count === resourcesPerFile) {
        file = { count: 0, sizeBytes: 0, checkpoints: [{ offsetBytes: 0, place: { batch: index, position } }] };
        files.push(file);
      }
      file.count += 1;
      file.sizeBytes += Buffer.byteLength(text) + 1;
    }
    if (file) addCheckpoint({ file, batch: index + 1 });
    await setImmediate();
  }
  return files.map((measured, index) => ({ ...measured, kind: 'output', type, name: fileName({ type, index }) }));
}

function addCheckpoint({ file, batch }: { readonly file: OpenFile; readonly batch: number }): void {
  const { offsetBytes = 0 } = file.checkpoints.at(-1) ?? {};
  if (file.sizeBytes - offsetBytes < checkpointEveryBytes) return;
  file.checkpoints.push({ offsetBytes: file.sizeBytes, place: { batch, position: 0 } });
}

function fileName({ type, index }: { readonly type: string; readonly index: number }): string {
  return index === 0 ? `${type}.ndjson` : `${type}.${index + 1}.ndjson`;
}
