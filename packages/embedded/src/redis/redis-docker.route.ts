import { attemptContainer } from '../docker/attempt-container.ts';
import type { ServiceRoute } from '../service-route.ts';
import { pingRedis } from './ping-redis.ts';
import { redisSettings } from './start-redis-server.ts';

// The last release line under the BSD licence, small, and above the 6.2 that BullMQ asks for.
const IMAGE = 'redis:7.2-alpine';
const PORT = 6379;

export const redisDockerRoute: ServiceRoute = {
  name: 'Docker',
  engine: 'redis',
  attempt: (context) =>
    attemptContainer({
      context,
      image: context.env.BULKHEAD_REDIS_IMAGE || IMAGE,
      command: [
        'redis-server',
        '--port',
        String(PORT),
        '--bind',
        '0.0.0.0',
        '--dir',
        '/data',
        '--protected-mode',
        'no',
        ...redisSettings(context.home),
      ],
      port: PORT,
      dataPath: '/data',
      url: ({ host, port }) => `redis://${host}:${port}`,
      ping: pingRedis,
    }),
};
