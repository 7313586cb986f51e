import type { ServiceHome } from '../data/service-home.ts';
import { ServerProcess } from '../processes/server-process.ts';
import type { RouteContext, RunningService } from '../service-route.ts';
import { pingRedis } from './ping-redis.ts';

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
