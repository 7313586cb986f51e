import { defineAction } from './chaos-action.ts';

/** Kills MongoDB and restarts it at once with the writes that it had acknowledged. */
export const killMongodbAction = defineAction({
  kind: 'kill-mongodb',
  mayFailExports: false,
  takesProcesses: false,
  run: ({ system: { mongodb }, disrupt }) =>
    disrupt(async () => {
      await mongodb.kill();
      await mongodb.restart();
    }),
});
