import { installWithApt, whyNoApt } from '../apt/install-with-apt.ts';
import { attemptContainer } from '../docker/attempt-container.ts';
import { findOnPath } from '../processes/find-on-path.ts';
import type { ServiceRoute } from '../service-route.ts';
import { pingRedis, redisSettings, redisUrl, requirePassword, startRedisServer } from './start-redis-server.ts';

const redisUrlRoute: ServiceRoute = {
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

const redisOnPathRoute: ServiceRoute = {
  name: 'redis-server on PATH',
  engine: 'redis',
  async attempt(context) {
    const binary = findOnPath({ command: 'redis-server', env: context.env });
    if (!binary) return { outcome: 'unavailable', reason: 'redis-server is not on PATH' };
    context.progress(`starting ${binary}`);
    return { outcome: 'running', service: await startRedisServer(binary, context), why: `${binary} is installed` };
  },
};

/** The image of docker/compose.yaml. */
const IMAGE = 'redis:7.4.11@sha256:c6eabf748fc7a61dbb5a705c78bcf3d6377b1127a97d0ce965c11c44ba46896f';
const PORT = 6379;

export const redisDockerRoute: ServiceRoute = {
  name: 'Docker',
  engine: 'redis',
  attempt: (context) => {
    const { password } = context.home;
    const target = '/etc/bulkhead-redis.conf';
    return attemptContainer({
      context,
      image: context.env.BULKHEAD_REDIS_IMAGE || IMAGE,
      command: [
        ...['redis-server', ...(password === undefined ? [] : [target])],
        ...['--port', String(PORT), '--bind', '0.0.0.0', '--dir', '/data', '--protected-mode', 'no'],
        ...redisSettings(context.home),
      ],
      port: PORT,
      dataPath: '/data',
      ...(password === undefined ? {} : { passwordFile: { target, content: requirePassword(password) } }),
      url: (at) => redisUrl({ ...at, password }),
      ping: pingRedis,
    });
  },
};

export const redisAptRoute: ServiceRoute = {
  name: 'apt-get install redis-server',
  engine: 'redis',
  async attempt(context) {
    const reason = whyNoApt(context.env);
    if (reason) return { outcome: 'unavailable', reason };
    context.note(
      'there is no Redis and no Docker on this machine, so this installs the package redis-server with apt-get (only once)',
    );
    await installWithApt({ packages: ['redis-server'], context });
    const outcome = await redisOnPathRoute.attempt(context);
    return outcome.outcome === 'running' ? { ...outcome, why: 'apt-get has just installed it' } : outcome;
  },
};

/** The routes in their order: the user's own server, installed servers, and servers to install. */
export const redisRoutes: readonly ServiceRoute[] = [redisUrlRoute, redisOnPathRoute, redisDockerRoute, redisAptRoute];
