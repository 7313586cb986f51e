import { join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';
import { waitForLock } from '../data/wait-for-lock.ts';
import type { RouteContext, ServiceRoute } from '../service-route.ts';
import { startMongod } from './start-mongod.ts';

const VERSION = '8.2.6';
const DEFAULT_HOST = 'https://fastdl.mongodb.org';
// A host that is there answers in a fraction of this; where the network drops packets, waiting longer gains nothing.
const PROBE_TIMEOUT_MS = 2_000;

export const officialBinaryRoute: ServiceRoute = {
  name: "MongoDB's own binary",
  engine: 'mongod',
  async attempt(context) {
    const binary = await locateOrDownload(context);
    if (typeof binary !== 'string') return { outcome: 'unavailable', reason: binary.reason };
    context.progress(`starting ${binary}`);
    const service = await startMongod({ binary, context });
    return { outcome: 'running', service, why: `MongoDB ${VERSION} was downloaded from its makers` };
  },
};

async function locateOrDownload(context: RouteContext): Promise<string | { reason: string }> {
  // Loaded here only: it brings a second driver and reads configuration files, which most starts never need.
  const { DryMongoBinary, MongoBinary } = await import('mongodb-memory-server-core');
  const downloadDir = join(cacheFolder(context.env), 'mongod-binaries');
  const located = await DryMongoBinary.locateBinary({ version: VERSION, downloadDir });
  if (located) return located;
  const unreachable = await probe(context.env.MONGOMS_DOWNLOAD_MIRROR || DEFAULT_HOST);
  if (unreachable) return { reason: unreachable };
  const lock = await waitForLock({
    file: join(downloadDir, 'download.lock'),
    onWait: (owner) => context.progress(`process ${owner} is downloading MongoDB; waiting for it`),
  });
  try {
    context.progress(`downloading MongoDB ${VERSION}, once`);
    return await MongoBinary.getPath({ version: VERSION, downloadDir });
  } finally {
    lock.release();
  }
}

async function probe(host: string): Promise<string | undefined> {
  try {
    await fetch(host, { method: 'HEAD', signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    return undefined;
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return `${new URL(host).host} does not answer (${cause instanceof Error ? cause.message : String(cause)})`;
  }
}
