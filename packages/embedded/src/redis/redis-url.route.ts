import type { ServiceRoute } from '../service-route.ts';
import { pingRedis } from './ping-redis.ts';

export const redisUrlRoute: ServiceRoute = {
  name: 'REDIS_URL',
  async attempt({ env }) {
    const url = env.REDIS_URL;
    if (!url) return { outcome: 'unavailable', reason: 'not set' };
    try {
      await pingRedis(url);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return {
        outcome: 'refused',
        reason: `it is set, but no Redis answers there (${why}). Start that Redis, or unset REDIS_URL.`,
      };
    }
    return { outcome: 'running', service: { url, stop: async () => undefined }, why: 'REDIS_URL is set' };
  },
};
