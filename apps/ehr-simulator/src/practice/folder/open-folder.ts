import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BatchesInput, PracticeSource, ResourceBatch } from '../practice-source.ts';
import type { StoredResource } from '../stored-resource.ts';
import { readLines } from './read-lines.ts';
import { toStoredResource } from './to-stored-resource.ts';

interface DataFile {
  readonly path: string;
  /** The file's modification time stands for the time its resources were last updated. */
  readonly modifiedMs: number;
}

/** `Patient.ndjson`, `Patient.ndjson.gz`, `Patient.2.ndjson.gz`. */
const dataFileName = /^([A-Z][A-Za-z]+)(?:\.[^.]+)?\.ndjson(?:\.gz)?$/;

/**
 * A practice that is read from a folder of NDJSON files, from the start for every request: nothing is held in memory.
 * Searches scan, which suits the tens of MB that such a folder has.
 */
export async function openFolder(folder: string): Promise<PracticeSource> {
  const files = await listFiles(folder);
  if (files.size === 0) throw new Error(`No Type.ndjson or Type.ndjson.gz files in ${folder}.`);
  const scan = async ({ type, contains }: { readonly type: string; readonly contains: string }) => {
    const found: StoredResource[] = [];
    for await (const { resources } of readBatches({ files: files.get(type) ?? [], contains })) found.push(...resources);
    return found;
  };
  return {
    types: [...files.keys()],
    batches: ({ type, ...input }) => selected({ ...input, batches: readBatches({ files: files.get(type) ?? [] }) }),
    read: async ({ type, id }) => (await scan({ type, contains: id })).findLast((resource) => resource.id === id),
    ofPatient: ({ type, patientId }) => scan({ type, contains: `Patient/${patientId}"` }),
  };
}

async function listFiles(folder: string): Promise<ReadonlyMap<string, readonly DataFile[]>> {
  const files = new Map<string, DataFile[]>();
  for (const name of (await readdir(folder)).sort()) {
    const type = dataFileName.exec(name)?.[1];
    if (type === undefined) continue;
    const path = join(folder, name);
    const { mtimeMs } = await stat(path);
    files.set(type, [...(files.get(type) ?? []), { path, modifiedMs: Math.floor(mtimeMs) }]);
  }
  return files;
}

interface ReadBatchesInput {
  readonly files: readonly DataFile[];
  /** Only lines that hold this text are parsed. */
  readonly contains?: string;
}

async function* readBatches({ files, contains }: ReadBatchesInput): AsyncGenerator<ResourceBatch> {
  let index = 0;
  for (const { path, modifiedMs } of files) {
    for await (const lines of readLines(path)) {
      const wanted = contains === undefined ? lines : lines.filter((line) => line.includes(contains));
      yield { index, resources: wanted.map((line) => toStoredResource({ line, fallbackMs: modifiedMs })) };
      index += 1;
    }
  }
}

interface SelectedInput extends Omit<BatchesInput, 'type'> {
  readonly batches: AsyncIterable<ResourceBatch>;
}

async function* selected({ batches, fromBatch = 0, sinceMs }: SelectedInput): AsyncGenerator<ResourceBatch> {
  for await (const batch of batches) {
    if (batch.index < fromBatch) continue;
    const resources = batch.resources.filter(({ lastUpdatedMs }) => lastUpdatedMs > (sinceMs ?? -1));
    yield { index: batch.index, resources };
  }
}
