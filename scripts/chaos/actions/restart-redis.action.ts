import { defineAction } from './chaos-action.ts';

/** Redis dies and comes back at once with its append-only file. */
export const restartRedisAction = defineAction({
  kind: 'restart-redis',
  mayFailExports: false,
  takesProcesses: false,
  run: ({ system: { redis }, strike }) =>
    strike(async () => {
      await redis.kill();
      await redis.restart();
    }),
});
