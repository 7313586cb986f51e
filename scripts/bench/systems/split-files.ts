import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { DataFile } from './make-data.ts';

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
