import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { startSimulator } from './start-simulator.ts';

/** A file of one resource type. */
export interface DataFile {
  readonly type: string;
  /** The path of the NDJSON file, compressed by gzip. */
  readonly path: string;
  readonly count: number;
  /** The uncompressed size. */
  readonly bytes: number;
}

/** Writes a practice of the simulator's generator to files, one for each type. */
export async function makeData(folder: string, patients: number): Promise<DataFile[]> {
  await using simulator = await startSimulator(folder, { SIMULATOR_PATIENTS: String(patients) });
  const counts = await simulator.control.types();
  mkdirSync(join(folder, 'data'), { recursive: true });
  const files: DataFile[] = [];
  for (const [type, count] of Object.entries(counts)) {
    if (count === 0) continue;
    const response = await fetch(`${simulator.origin}/_sim/resources/${type}`);
    const ndjson = Buffer.from(await response.arrayBuffer());
    const path = join(folder, 'data', `${type}.ndjson.gz`);
    writeFileSync(path, gzipSync(ndjson));
    files.push({ type, path, count, bytes: ndjson.length });
  }
  return files;
}

/** Splits larger files into files of `lines` lines, beside them. A remainder is left out. */
export function splitFiles(files: readonly DataFile[], lines: number): DataFile[] {
  return files.flatMap(({ type, path }) => {
    const all = gunzipSync(readFileSync(path)).toString('utf8').split('\n').slice(0, -1);
    return Array.from({ length: Math.floor(all.length / lines) }, (_, index) => {
      const ndjson = `${all.slice(index * lines, (index + 1) * lines).join('\n')}\n`;
      const part = path.replace('.ndjson.gz', `.${index + 1}.ndjson.gz`);
      writeFileSync(part, gzipSync(ndjson));
      return { type, path: part, count: lines, bytes: Buffer.byteLength(ndjson) };
    });
  });
}
