import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import type { ServiceHome } from '../data/open-data-folder.ts';
import { startServer } from '../processes/server-process.ts';
import type { RouteContext, RunningService } from '../service-route.ts';

export async function startRedisServer(binary: string, { env, home }: RouteContext): Promise<RunningService> {
  const { password, dataFolder } = home;
  // In a file, because all users of the machine can read the arguments of a process.
  const file = join(dirname(home.processFile), 'redis.conf');
  if (password !== undefined) await writeFile(file, requirePassword(password), { mode: 0o600 });
  return startServer({
    name: 'redis-server',
    command: binary,
    args: (port) => [
      ...(password === undefined ? [] : [file]),
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', dataFolder, ...redisSettings(home)],
    ],
    env,
    home,
    url: (at) => redisUrl({ ...at, password }),
    ping: pingRedis,
  });
}

/** The text of a configuration file. */
export const requirePassword = (password: string): string => `requirepass ${password}\n`;

export function redisUrl(at: { host: string; port: number; password?: string | undefined }): string {
  const { host, port, password } = at;
  return `redis://${password === undefined ? '' : `:${password}@`}${host}:${port}`;
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
