import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { startScriptedServer } from '@bulkhead/embedded/scripted-server';
import type { DataFile } from './make-data.ts';

/**
 * Serves files from memory. They are compressed in advance, and decompressed once if a client needs that, so that the
 * download is measured and not the server.
 */
export async function serveFiles(files: readonly DataFile[]) {
  const packed = new Map(files.map(({ path }, index) => [`/${index}.ndjson`, readFileSync(path)]));
  const unpacked = new Map<string, Buffer>();
  const unpack = (url: string, body: Buffer): Buffer => {
    const plain = unpacked.get(url) ?? gunzipSync(body);
    unpacked.set(url, plain);
    return plain;
  };
  const { url: origin, stop } = await startScriptedServer(({ url, headers: requestHeaders }) => {
    const packedFile = packed.get(url);
    if (!packedFile) return { status: 404 };
    const isPlain = requestHeaders['accept-encoding'] === 'identity';
    const body = isPlain ? unpack(url, packedFile) : packedFile;
    const encoding = isPlain ? {} : { 'content-encoding': 'gzip' };
    const headers = { 'content-type': 'application/fhir+ndjson', 'content-length': body.length, ...encoding };
    return { headers, body };
  });
  const served = files.map((file, index) => ({ ...file, url: `${origin}/${index}.ndjson` }));
  return { origin, files: served, [Symbol.asyncDispose]: stop };
}
