import { installWithApt, whyNoApt } from '../apt/install-with-apt.ts';
import type { ServiceRoute } from '../service-route.ts';
import { redisOnPathRoute } from './redis-on-path.route.ts';

export const redisAptRoute: ServiceRoute = {
  name: 'apt-get install redis-server',
  engine: 'redis',
  async attempt(context) {
    const reason = whyNoApt(context.env);
    if (reason) return { outcome: 'unavailable', reason };
    context.note('no Redis on this machine and no Docker: installing the package redis-server with apt-get, once');
    await installWithApt({ packages: ['redis-server'], context });
    const outcome = await redisOnPathRoute.attempt(context);
    return outcome.outcome === 'running' ? { ...outcome, why: 'apt-get has just installed it' } : outcome;
  },
};
