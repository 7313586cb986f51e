import { defineAction } from './chaos-action.ts';

/** MongoDB dies and comes back at once with what it had acknowledged. */
export const killMongodbAction = defineAction({
  kind: 'kill-mongodb',
  mayFailExports: false,
  takesProcesses: false,
  run: ({ system: { mongodb }, strike }) =>
    strike(async () => {
      await mongodb.kill();
      await mongodb.restart();
    }),
});
