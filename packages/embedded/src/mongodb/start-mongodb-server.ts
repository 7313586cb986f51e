import { MongoClient, MongoServerError } from 'mongodb';
import { startServer } from '../processes/server-process.ts';
import type { RouteContext, RunningService } from '../service-route.ts';
import { enginePaths, engineRelease } from './build-engine.ts';

export interface StartMongodbServerOptions {
  readonly name: string;
  readonly binary: string;
  readonly args: (port: number) => readonly string[];
  readonly context: RouteContext;
}

// The server is on this machine. If it has not answered within this time, it is not up yet.
const PING_TIMEOUT_MS = 1_000;

/** Starts a server with MongoDB's protocol. */
function startMongodbServer({ name, binary, args, context }: StartMongodbServerOptions): Promise<RunningService> {
  const { env, home } = context;
  const { password } = home;
  const ping = async (url: string) => {
    if (password !== undefined) await ensureUser({ url, password });
    await pingMongodb({ url, timeoutMs: PING_TIMEOUT_MS });
  };
  const withAuth = (port: number) => [...args(port), ...(password === undefined ? [] : ['--auth'])];
  const url = (at: { host: string; port: number }) => mongodbUrl({ ...at, password });
  return startServer({ name, command: binary, args: withAuth, env, home, url, ping });
}

const USER = 'bulkhead';

/** The command of MongoDB that creates the user. */
export const createUser = (password: string) => ({ createUser: USER, pwd: password, roles: ['root'] });

/** Creates the user at the first start. Until a user exists, the server accepts this one command from its own machine. */
async function ensureUser({ url, password }: { url: string; password: string }): Promise<void> {
  const { host, searchParams } = new URL(url);
  searchParams.delete('authSource');
  const client = new MongoClient(`mongodb://${host}/?${searchParams}`, { serverSelectionTimeoutMS: PING_TIMEOUT_MS });
  try {
    await client.db('admin').command(createUser(password));
  } catch (error) {
    // Unauthorized: a user exists. UserAlreadyExists is answered by some servers.
    if (!(error instanceof MongoServerError) || ![13, 51003].includes(Number(error.code))) throw error;
  } finally {
    await client.close();
  }
}

/**
 * `directConnection`, because some servers announce themselves as a replica set with an address that cannot be reached from here.
 */
export function mongodbUrl(at: { host: string; port: number; password?: string | undefined }): string {
  const { host, port, password } = at;
  const [login, source] = password === undefined ? ['', ''] : [`${USER}:${password}@`, '&authSource=admin'];
  return `mongodb://${login}${host}:${port}/bulkhead?directConnection=true${source}`;
}

// By default mongod uses half of the machine's memory. Here it shares a developer's machine with other programs.
const CACHE_GB = '0.5';

/** Starts MongoDB's own server. It journals by default, so kept data needs no other option. */
export function startMongod({ binary, context }: { binary: string; context: RouteContext }): Promise<RunningService> {
  return startMongodbServer({
    name: 'mongod',
    binary,
    args: (port) => [
      ...['--dbpath', context.home.dataFolder, '--port', String(port), '--bind_ip', '127.0.0.1'],
      ...['--wiredTigerCacheSizeGB', CACHE_GB],
    ],
    context,
  });
}

// Enough for the working set of a practice. The default of 4 GB is too much for a laptop that runs other programs.
const CACHE_SIZE = '512M';

/** Starts the engine of `build-engine.ts`. */
export function startEngine(context: RouteContext): Promise<RunningService> {
  const { env, home } = context;
  return startMongodbServer({
    name: engineRelease.crate,
    binary: enginePaths(env).binary,
    args: (port) => [
      ...['--host', '127.0.0.1', '--port', String(port), '--storage-path', home.dataFolder],
      ...['--cache-size', CACHE_SIZE, '--log-level', 'WARNING'],
      // Without this option 338 of 138,400 acknowledged writes were lost in 8 kills, and with it none. Writes become 4 times
      // slower, so it is not used for data that is removed afterwards.
      ...(home.kept ? ['--sync-on-commit'] : []),
    ],
    context,
  });
}

/** Resolves when the server at `url` answers `hello`. */
export async function pingMongodb({ url, timeoutMs }: { url: string; timeoutMs: number }): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: timeoutMs, connectTimeoutMS: timeoutMs });
  try {
    await client.db('admin').command({ hello: 1 });
  } finally {
    await client.close();
  }
}

/** Deletes databases of one server, by their URIs. */
export async function dropDatabases(uris: readonly string[]): Promise<void> {
  const [first] = uris;
  if (first === undefined) return;
  const client = await MongoClient.connect(first);
  try {
    for (const uri of uris) await client.db(new URL(uri).pathname.slice(1)).dropDatabase();
  } finally {
    await client.close();
  }
}

/** @returns the version of a server and of the sources that it was built from */
export async function mongodbVersion(uri: string): Promise<string> {
  const client = await MongoClient.connect(uri);
  try {
    const { version, gitVersion } = await client.db('admin').command({ buildInfo: 1 });
    return `${version} ${gitVersion}`;
  } finally {
    await client.close();
  }
}
