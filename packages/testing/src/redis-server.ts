import type { OwnServerSpec } from '@bulkhead/embedded/own-server';

/** An empty Redis. It needs redis-server on PATH, even if REDIS_URL is set. */
export const redisServer: OwnServerSpec = {
  name: 'redis-server',
  command: 'redis-server',
  args: ({ port }) => ['--port', String(port), '--save', '', '--appendonly', 'no'],
  url: ({ host, port }) => `redis://${host}:${port}`,
};
