import type { BenchContext } from '../bench.ts';
import { makeData } from './make-data.ts';
import { serveFiles } from './serve-files.ts';
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
