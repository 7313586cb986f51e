import { findOnPath } from '../processes/find-on-path.ts';
import type { ServiceRoute } from '../service-route.ts';
import { startRedisServer } from './start-redis-server.ts';

export const redisOnPathRoute: ServiceRoute = {
  name: 'redis-server on PATH',
  engine: 'redis',
  async attempt(context) {
    const binary = findOnPath({ command: 'redis-server', env: context.env });
    if (!binary) return { outcome: 'unavailable', reason: 'there is none' };
    context.progress(`starting ${binary}`);
    return { outcome: 'running', service: await startRedisServer({ binary, context }), why: `${binary} is installed` };
  },
};
