import { Redis } from 'ioredis';
import type { ServiceHome } from '../data/open-data-folder.ts';
import { ServerProcess } from '../processes/server-process.ts';
import type { RouteContext, RunningService } from '../service-route.ts';

export async function startRedisServer({
  binary,
  context,
}: {
  binary: string;
  context: RouteContext;
}): Promise<RunningService> {
  const { env, home } = context;
  const url = (port: number) => `redis://127.0.0.1:${port}`;
  const server = new ServerProcess({
    name: 'redis-server',
    command: binary,
    args: (port) => ['--port', String(port), '--bind', '127.0.0.1', '--dir', home.dataFolder, ...redisSettings(home)],
    env,
    home,
    ping: (port) => pingRedis(url(port)),
  });
  await server.start();
  return {
    url: url(server.port),
    pid: () => server.pid,
    restart: () => server.restart(),
    died: server.died,
    stop: () => server.stop(),
  };
}

/**
 * `noeviction`: BullMQ's keys are no cache, losing one loses a job. The append-only file alone is the data, synced every
 * second: Redis only delivers here, the records in MongoDB can refill it. No snapshots beside it.
 */
export function redisSettings({ kept }: Pick<ServiceHome, 'kept'>): string[] {
  const durability = kept ? ['--appendonly', 'yes', '--appendfsync', 'everysec'] : ['--appendonly', 'no'];
  return ['--save', '', '--maxmemory-policy', 'noeviction', ...durability];
}

// On the same machine an answer takes a millisecond; a user's own Redis may be a network away.
const TIMEOUT_MS = 5_000;

/** Resolves once Redis answers PING (and has loaded its data). */
export async function pingRedis(url: string): Promise<void> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let connectionError: unknown;
  client.on('error', (error) => {
    connectionError = error;
  });
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    // ioredis says only "Connection is closed."; why, it told the listener.
    throw connectionError ?? error;
  } finally {
    client.disconnect();
  }
}
