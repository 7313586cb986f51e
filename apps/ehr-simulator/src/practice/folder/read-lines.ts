import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

const newline = 0x0a;

/**
 * The lines of an NDJSON file, plain or gzipped, a chunk's worth at a time; blank ones are left out. Split on bytes:
 * a chunk may end inside a character, and readline also splits at U+2028, which is a legal character in JSON.
 */
export async function* readLines(path: string): AsyncGenerator<readonly string[]> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunksOf(path)) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(newline);
    rest = bytes.subarray(end + 1);
    if (end !== -1) yield linesOf(bytes.subarray(0, end));
  }
  if (rest.length > 0) yield linesOf(rest);
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
