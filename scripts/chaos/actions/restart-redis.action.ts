import { defineAction } from './chaos-action.ts';

/** Kills Redis and restarts it at once with its append-only file. */
export const restartRedisAction = defineAction({
  kind: 'restart-redis',
  mayFailExports: false,
  takesProcesses: false,
  run: ({ system: { redis }, disrupt }) =>
    disrupt(async () => {
      await redis.kill();
      await redis.restart();
    }),
});
