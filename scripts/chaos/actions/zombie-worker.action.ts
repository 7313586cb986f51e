import { setTimeout as delay } from 'node:timers/promises';
import { defineAction } from './chaos-action.ts';

/** A worker stands still until others have its jobs, and then goes on as if nothing had been: two do the same. */
export const zombieWorkerAction = defineAction({
  kind: 'zombie-worker',
  mayFailExports: false,
  takesProcesses: true,
  async run({ system, random, strike }) {
    const worker = random.pick(system.workers);
    await strike(async () => {
      worker.signal('SIGSTOP');
      try {
        // A job is free after its lock, and stalled jobs are looked for every half of it.
        await delay(system.lockMs * 2);
      } finally {
        worker.signal('SIGCONT');
      }
    });
  },
});
