import { setTimeout as delay } from 'node:timers/promises';
import { defineAction } from './chaos-action.ts';

/** Stops MongoDB for a while. */
export const mongodbOutageAction = defineAction({
  kind: 'mongodb-outage',
  mayFailExports: true,
  takesProcesses: false,
  run: ({ system: { mongodb }, outageMs, disrupt }) =>
    disrupt(async () => {
      await mongodb.kill();
      await delay(outageMs);
      await mongodb.restart();
    }),
});
