import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { withMeta } from './exact-json.ts';
import type { BatchesInput, PracticeSource, ResourceBatch, StoredResource } from './practice-source.ts';

interface DataFile {
  readonly path: string;
  /** The modification time of the file, used as the time of the last update. */
  readonly modifiedMs: number;
}

/** `Patient.ndjson`, `Patient.ndjson.gz`, `Patient.2.ndjson.gz`. */
const dataFileName = /^([A-Z][A-Za-z]+)(?:\.[^.]+)?\.ndjson(?:\.gz)?$/;

/**
 * A practice in a folder of NDJSON files. Every request reads the files from the start, so that nothing is held in
 * memory. Searches scan them, which is fast enough for the tens of MB in such a folder.
 */
export async function openFolder(folder: string): Promise<PracticeSource> {
  const files = await listFiles(folder);
  if (files.size === 0) throw new Error(`No Type.ndjson or Type.ndjson.gz files in ${folder}.`);
  const scan = async ({ type, contains }: { readonly type: string; readonly contains: string }) => {
    const matching: StoredResource[] = [];
    for await (const { resources } of readBatches(files.get(type) ?? [], contains)) matching.push(...resources);
    return matching;
  };
  return {
    types: [...files.keys()],
    batches: (input) => selected(readBatches(files.get(input.type) ?? []), input),
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

async function* readBatches(
  files: readonly DataFile[],
  /** Only lines with this text are parsed. */
  contains?: string,
): AsyncGenerator<ResourceBatch> {
  let index = 0;
  for (const { path, modifiedMs } of files) {
    for await (const lines of readLines(path)) {
      const matchingLines = contains === undefined ? lines : lines.filter((line) => line.includes(contains));
      yield { index, resources: matchingLines.map((line) => toStoredResource(line, modifiedMs)) };
      index += 1;
    }
  }
}

async function* selected(
  batches: AsyncIterable<ResourceBatch>,
  { fromBatch = 0, sinceMs }: BatchesInput,
): AsyncGenerator<ResourceBatch> {
  for await (const batch of batches) {
    if (batch.index < fromBatch) continue;
    const resources = batch.resources.filter(({ lastUpdatedMs }) => lastUpdatedMs > (sinceMs ?? -1));
    yield { index: batch.index, resources };
  }
}

interface ResourceHead {
  readonly id?: string;
  readonly meta?: { readonly lastUpdated?: string; readonly versionId?: string };
}

/**
 * Adds the `meta.lastUpdated` and `meta.versionId` that a server would have. A line that is not valid JSON is served as
 * it is, because clients must handle those, but it cannot be found by id.
 */
function toStoredResource(
  line: string,
  /** The date for a resource without `meta.lastUpdated`. */
  fallbackMs: number,
): StoredResource {
  const head = headOf(line);
  if (!head) return { id: '', versionId: 1, lastUpdatedMs: fallbackMs, text: line };
  const { id = '', meta = {} } = head;
  const versionId = Number(meta.versionId ?? 1) || 1;
  if (meta.lastUpdated) return { id, versionId, lastUpdatedMs: Date.parse(meta.lastUpdated), text: line };
  const added = { versionId: meta.versionId ?? '1', lastUpdated: new Date(fallbackMs).toISOString() };
  // Inserting the text keeps the rest of the line byte for byte, and is faster than writing the resource again.
  const text = head.meta ? withMeta(line, added) : `${line.slice(0, -1)},"meta":${JSON.stringify(added)}}`;
  return { id, versionId, lastUpdatedMs: fallbackMs, text };
}

function headOf(line: string): ResourceHead | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'resourceType' in value ? (value as ResourceHead) : undefined;
  } catch {
    // The line is not valid JSON.
    return undefined;
  }
}

const newline = 0x0a;

/**
 * Reads the lines of an NDJSON file, plain or gzipped, chunk by chunk and without blank lines. It splits bytes, because
 * a chunk may end inside a character, and because readline also splits at U+2028, which is legal in JSON.
 */
async function* readLines(path: string): AsyncGenerator<readonly string[]> {
  let buffered = Buffer.alloc(0);
  for await (const chunk of chunksOf(path)) {
    const bytes = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
    const end = bytes.lastIndexOf(newline);
    buffered = bytes.subarray(end + 1);
    if (end !== -1) yield linesOf(bytes.subarray(0, end));
  }
  if (buffered.length > 0) yield linesOf(buffered);
}

function linesOf(bytes: Buffer): string[] {
  const lines = bytes.toString().split('\n');
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}

function chunksOf(path: string): AsyncIterable<Buffer<ArrayBuffer>> {
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  if (!path.endsWith('.gz')) return file;
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  pipeline(file, gunzip).catch(() => {
    // The reader of `gunzip` gets the same error.
  });
  return gunzip;
}
