import type { ServiceRoute } from '../service-route.ts';
import { pingMongodb } from './ping-mongodb.ts';

// Finding the primary of a replica set that is far away takes seconds, and a wrong address should not take longer.
const TIMEOUT_MS = 10_000;

export const mongodbUriRoute: ServiceRoute = {
  name: 'MONGODB_URI',
  async attempt({ env, progress }) {
    const url = env.MONGODB_URI;
    if (!url) return { outcome: 'unavailable', reason: 'not set' };
    progress('asking the server at MONGODB_URI');
    try {
      await pingMongodb({ url, timeoutMs: TIMEOUT_MS });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return {
        outcome: 'refused',
        reason: `it is set, but no MongoDB answers there (${why}). Start that MongoDB, or unset MONGODB_URI.`,
      };
    }
    return { outcome: 'running', service: { url, stop: async () => undefined }, why: 'MONGODB_URI is set' };
  },
};
