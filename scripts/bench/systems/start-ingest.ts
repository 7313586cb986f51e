import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { startScriptedServer } from '@bulkhead/embedded/scripted-server';
import type { BenchContext } from '../bench.ts';
import { type DataFile, makeData } from './make-data.ts';
import { type Probe, startWorkerProbe } from './start-worker-probe.ts';

/**
 * Starts a file server with a practice, and processes that ingest its files as a worker does. A patient has about 61 kB: 25 MB
 * are a second or two of work, which is long compared with disturbances. The guard of the baseline only detects ratios that fell to
 * less than half, for which a quarter of that is enough.
 */
export async function startIngest(context: BenchContext) {
  const patients = context.size === 'short' ? 100 : 400;
  const started = new AsyncDisposableStack();
  const server = started.use(await serveFiles(await makeData(context.folder, patients)));
  const probes = new Map<string, Probe>();
  const start = async (name: string): Promise<Probe> => {
    const probe = started.use(await startWorkerProbe(context, { entry: 'ingest', origin: server.origin }));
    probes.set(name, probe);
    return probe;
  };
  return {
    megabytes: server.files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6,
    /** Runs each kind of work in a separate process, because a floor must not pay for the garbage of its subject. */
    measure: async (work: string, process = work) =>
      (probes.get(process) ?? (await start(process))).measure(work, server.files),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/**
 * Serves files from memory. They are compressed in advance, and decompressed once if a client needs that, so that the
 * download is measured and not the server.
 */
async function serveFiles(files: readonly DataFile[]) {
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
