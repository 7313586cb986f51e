import { setTimeout as delay } from 'node:timers/promises';
import { defineAction } from './chaos-action.ts';

/** Redis is away for a while. */
export const redisOutageAction = defineAction({
  kind: 'redis-outage',
  mayFailExports: true,
  takesProcesses: false,
  run: ({ system: { redis }, outageMs, strike }) =>
    strike(async () => {
      await redis.kill();
      await delay(outageMs);
      await redis.restart();
    }),
});
