import { MongoClient } from 'mongodb';
import { ServerProcess } from '../processes/server-process.ts';
import type { RouteContext, RunningService } from '../service-route.ts';
import { enginePaths, engineRelease } from './build-engine.ts';

export interface StartMongodbServerOptions {
  readonly name: string;
  readonly binary: string;
  readonly args: (port: number) => readonly string[];
  readonly context: RouteContext;
}

// The server is on this machine: one that has not answered by then is not up yet.
const PING_TIMEOUT_MS = 1_000;

/** A server that speaks MongoDB's protocol, whichever it is. */
async function startMongodbServer({ name, binary, args, context }: StartMongodbServerOptions): Promise<RunningService> {
  const { env, home } = context;
  const server = new ServerProcess({
    name,
    command: binary,
    args,
    env,
    home,
    ping: (port) => pingMongodb({ url: mongodbUrl({ host: '127.0.0.1', port }), timeoutMs: PING_TIMEOUT_MS }),
  });
  await server.start();
  return {
    url: mongodbUrl({ host: '127.0.0.1', port: server.port }),
    pid: () => server.pid,
    restart: () => server.restart(),
    died: server.died,
    stop: () => server.stop(),
  };
}

/** `directConnection`: some of these servers announce themselves as a replica set of one, under an address that is not ours. */
export function mongodbUrl({ host, port }: { host: string; port: number }): string {
  return `mongodb://${host}:${port}/bulkhead?directConnection=true`;
}

// mongod takes half of the machine's memory by default; here it shares a developer's machine with everything else.
const CACHE_GB = '0.5';

/** MongoDB's own server. It journals by default, so kept data needs nothing more. */
export function startMongod({ binary, context }: { binary: string; context: RouteContext }): Promise<RunningService> {
  return startMongodbServer({
    name: 'mongod',
    binary,
    args: (port) => [
      '--dbpath',
      context.home.dataFolder,
      '--port',
      String(port),
      '--bind_ip',
      '127.0.0.1',
      '--wiredTigerCacheSizeGB',
      CACHE_GB,
    ],
    context,
  });
}

// Enough for the working set of a practice; its default of 4 GB is too much for a laptop that runs everything.
const CACHE_SIZE = '512M';

/** The engine of `build-engine.ts`. */
export function startEngine(context: RouteContext): Promise<RunningService> {
  const { env, home } = context;
  return startMongodbServer({
    name: engineRelease.crate,
    binary: enginePaths(env).binary,
    args: (port) => [
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--storage-path',
      home.dataFolder,
      '--cache-size',
      CACHE_SIZE,
      '--log-level',
      'WARNING',
      // Without it 338 of 138,400 acknowledged writes were lost in 8 kills, with it none. It costs a factor of 4 in
      // writes, which data that is thrown away need not pay.
      ...(home.kept ? ['--sync-on-commit'] : []),
    ],
    context,
  });
}

/** Resolves once a server at `url` answers `hello` and can be written to. */
export async function pingMongodb({ url, timeoutMs }: { url: string; timeoutMs: number }): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: timeoutMs, connectTimeoutMS: timeoutMs });
  try {
    await client.db('admin').command({ hello: 1 });
  } finally {
    await client.close();
  }
}
