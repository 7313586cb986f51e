import { join } from 'node:path';
import { installWithApt, whyNoApt } from '../apt/install-with-apt.ts';
import { waitForLock } from '../data/file-lock.ts';
import { cacheFolder } from '../data/open-data-folder.ts';
import { attemptContainer } from '../docker/attempt-container.ts';
import { findOnPath } from '../processes/find-on-path.ts';
import type { RouteContext, ServiceRoute } from '../service-route.ts';
import { buildEngine, enginePaths, engineRelease } from './build-engine.ts';
import { createUser, mongodbUrl, pingMongodb, startEngine, startMongod } from './start-mongodb-server.ts';

// Finding the primary of a distant replica set takes seconds. A wrong address should not take longer.
const TIMEOUT_MS = 10_000;

const mongodbUriRoute: ServiceRoute = {
  name: 'MONGODB_URI',
  async attempt({ env, progress }) {
    const url = env.MONGODB_URI;
    if (!url) return { outcome: 'unavailable', reason: 'not set' };
    progress('connecting to the server at MONGODB_URI');
    try {
      await pingMongodb({ url, timeoutMs: TIMEOUT_MS });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return {
        outcome: 'refused',
        reason: `it is set, but no MongoDB answers there (${why}). Start that MongoDB, or unset MONGODB_URI.`,
      };
    }
    return { outcome: 'running', service: { url, stop: async () => undefined }, why: 'MONGODB_URI is set' };
  },
};

const mongodOnPathRoute: ServiceRoute = {
  name: 'mongod on PATH',
  engine: 'mongod',
  async attempt(context) {
    const binary = findOnPath({ command: 'mongod', env: context.env });
    if (!binary) return { outcome: 'unavailable', reason: 'mongod is not on PATH' };
    context.progress(`starting ${binary}`);
    return { outcome: 'running', service: await startMongod({ binary, context }), why: `${binary} is installed` };
  },
};

const cachedEngineRoute: ServiceRoute = {
  name: 'an engine built earlier',
  engine: 'secantus',
  async attempt(context) {
    const { binary, root } = enginePaths(context.env);
    if (!findOnPath({ command: binary, env: context.env }))
      return { outcome: 'unavailable', reason: `none in ${root}` };
    context.progress(`starting ${binary}`);
    return { outcome: 'running', service: await startEngine(context), why: 'it was built on this machine earlier' };
  },
};

/** The image of docker/compose.yaml. */
export const mongodbImage = 'mongo:8.2.12@sha256:e0ce8c35124d4a9f9785532d1f268f39e9728ffa1cb38f46fa482436424c4bd3';
const PORT = 27017;
// A published port accepts connections immediately, and answers when the server is up.
const PING_TIMEOUT_MS = 2_000;

export const mongodbDockerRoute: ServiceRoute = {
  name: 'Docker',
  engine: 'mongod',
  attempt: (context) => {
    const { password } = context.home;
    const target = '/etc/bulkhead-user.js';
    return attemptContainer({
      context,
      image: context.env.BULKHEAD_MONGODB_IMAGE || mongodbImage,
      command: [
        ...['mongod', '--dbpath', '/data/db', '--port', String(PORT), '--bind_ip', '0.0.0.0'],
        ...(password === undefined ? [] : ['--auth']),
      ],
      port: PORT,
      dataPath: '/data/db',
      ...(password === undefined
        ? {}
        : {
            passwordFile: {
              target,
              content: `db.getSiblingDB('admin').runCommand(${JSON.stringify(createUser(password))})`,
            },
            // In a folder that its user may write to. By default mongosh writes its history into the data.
            createUser: ['env', 'HOME=/tmp', 'mongosh', '--quiet', '--port', String(PORT), '--file', target],
          }),
      url: (at) => mongodbUrl({ ...at, password }),
      ping: (url) => pingMongodb({ url, timeoutMs: PING_TIMEOUT_MS }),
    });
  },
};

const VERSION = '8.2.6';
const DEFAULT_HOST = 'https://fastdl.mongodb.org';
// A reachable host answers in a fraction of this. If the network drops packets, a longer wait does not help.
const PROBE_TIMEOUT_MS = 2_000;

export const officialBinaryRoute: ServiceRoute = {
  name: "MongoDB's own binary",
  engine: 'mongod',
  async attempt(context) {
    const binary = await locateOrDownload(context);
    if (typeof binary !== 'string') return { outcome: 'unavailable', reason: binary.reason };
    context.progress(`starting ${binary}`);
    const service = await startMongod({ binary, context });
    return { outcome: 'running', service, why: `MongoDB ${VERSION} was downloaded from mongodb.org` };
  },
};

async function locateOrDownload(context: RouteContext): Promise<string | { reason: string }> {
  // Imported here, because it loads a second driver and reads configuration files, which most starts never need.
  const { DryMongoBinary, MongoBinary } = await import('mongodb-memory-server-core');
  const downloadDir = join(cacheFolder(context.env), 'mongod-binaries');
  const located = await DryMongoBinary.locateBinary({ version: VERSION, downloadDir });
  if (located) return located;
  const unreachable = await probe(context.env.MONGOMS_DOWNLOAD_MIRROR || DEFAULT_HOST);
  if (unreachable) return { reason: unreachable };
  const lock = await waitForLock({
    file: join(downloadDir, 'download.lock'),
    onWait: (owner) => context.progress(`process ${owner} is already downloading MongoDB. Waiting for that download`),
  });
  try {
    context.progress(`downloading MongoDB ${VERSION} (only once)`);
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
    return `${new URL(host).host} does not respond (${cause instanceof Error ? cause.message : String(cause)})`;
  }
}

const builtEngineRoute: ServiceRoute = {
  name: 'building an engine with cargo',
  engine: 'secantus',
  async attempt(context) {
    if (!findOnPath({ command: 'cargo', env: context.env })) {
      return { outcome: 'unavailable', reason: 'there is no cargo (Rust) on PATH' };
    }
    context.note(
      'MongoDB is not available here (not on PATH, no Docker, no download), so this builds ' +
        `${engineRelease.crate}, a compatible server with WiredTiger, from source. This takes about 4 minutes once. Later starts reuse it`,
    );
    const missing = await installCompilers(context);
    if (missing) return { outcome: 'unavailable', reason: missing };
    const how = await buildEngine(context);
    return { outcome: 'running', service: await startEngine(context), why: `it was ${how} just now` };
  },
};

/** Installs compilers, because WiredTiger is written in C. @returns what is missing and cannot be installed */
async function installCompilers(context: RouteContext): Promise<string | undefined> {
  const missing = ['cc', 'make', 'cmake'].filter((command) => !findOnPath({ command, env: context.env }));
  if (missing.length === 0) return undefined;
  const noApt = whyNoApt(context.env);
  if (noApt) return `the build needs ${missing.join(', ')}, and ${noApt}`;
  await installWithApt({ packages: ['build-essential', 'cmake'], context });
  return undefined;
}

/** The routes in their order: the user's own server, installed servers, servers to download, and servers to build. */
export const mongodbRoutes: readonly ServiceRoute[] = [
  mongodbUriRoute,
  mongodOnPathRoute,
  cachedEngineRoute,
  mongodbDockerRoute,
  officialBinaryRoute,
  builtEngineRoute,
];
