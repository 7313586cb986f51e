import { setTimeout as delay } from 'node:timers/promises';
import { defineAction } from './chaos-action.ts';

/** MongoDB is away for a while. */
export const mongodbOutageAction = defineAction({
  kind: 'mongodb-outage',
  mayFailExports: true,
  takesProcesses: false,
  run: ({ system: { mongodb }, outageMs, strike }) =>
    strike(async () => {
      await mongodb.kill();
      await delay(outageMs);
      await mongodb.restart();
    }),
});
