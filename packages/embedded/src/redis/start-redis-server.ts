import { Redis } from 'ioredis';
import type { ServiceHome } from '../data/open-data-folder.ts';
import { startServer } from '../processes/server-process.ts';
import type { RouteContext, RunningService } from '../service-route.ts';

export function startRedisServer(binary: string, { env, home }: RouteContext): Promise<RunningService> {
  return startServer({
    name: 'redis-server',
    command: binary,
    args: (port) => ['--port', String(port), '--bind', '127.0.0.1', '--dir', home.dataFolder, ...redisSettings(home)],
    env,
    home,
    url: redisUrl,
    ping: pingRedis,
  });
}

export function redisUrl({ host, port }: { host: string; port: number }): string {
  return `redis://${host}:${port}`;
}

/**
 * `noeviction`, because BullMQ's keys are not a cache, and losing one loses a job. The append-only file, synced every second, is
 * enough without snapshots: Redis only delivers jobs, and the records in MongoDB can restore them.
 */
export function redisSettings({ kept }: Pick<ServiceHome, 'kept'>): string[] {
  const durability = kept ? ['--appendonly', 'yes', '--appendfsync', 'everysec'] : ['--appendonly', 'no'];
  return ['--save', '', '--maxmemory-policy', 'noeviction', ...durability];
}

// On the same machine an answer takes a millisecond. The user's own Redis may be on another network.
const TIMEOUT_MS = 5_000;

/** Resolves when Redis answers PING, which is after it has loaded its data. */
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
    // ioredis only throws "Connection is closed.". It reported the cause to the listener.
    throw connectionError ?? error;
  } finally {
    client.disconnect();
  }
}
