import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
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
