import { setTimeout as delay } from 'node:timers/promises';
import { defineAction } from './chaos-action.ts';

/** Stops Redis for a while. */
export const redisOutageAction = defineAction({
  kind: 'redis-outage',
  mayFailExports: true,
  takesProcesses: false,
  run: ({ system: { redis }, outageMs, disrupt }) =>
    disrupt(async () => {
      await redis.kill();
      await delay(outageMs);
      await redis.restart();
    }),
});
