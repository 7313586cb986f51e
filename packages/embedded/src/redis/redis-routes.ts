import type { ServiceRoute } from '../service-route.ts';
import { redisAptRoute } from './redis-apt.route.ts';
import { redisDockerRoute } from './redis-docker.route.ts';
import { redisOnPathRoute } from './redis-on-path.route.ts';
import { redisUrlRoute } from './redis-url.route.ts';

/** In the order in which they are tried: what the user said, what is there, what has to be installed. */
export const redisRoutes: readonly ServiceRoute[] = [redisUrlRoute, redisOnPathRoute, redisDockerRoute, redisAptRoute];
