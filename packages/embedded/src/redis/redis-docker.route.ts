import { attemptContainer } from '../docker/attempt-container.ts';
import type { ServiceRoute } from '../service-route.ts';
import { pingRedis } from './ping-redis.ts';
import { redisSettings } from './start-redis-server.ts';

/** The image of docker/compose.yaml. */
const IMAGE = 'redis:7.4.11@sha256:c6eabf748fc7a61dbb5a705c78bcf3d6377b1127a97d0ce965c11c44ba46896f';
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
