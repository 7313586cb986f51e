import { setTimeout as delay } from 'node:timers/promises';
import { defineAction } from './chaos-action.ts';

/** Freezes a worker until others have its jobs, and then lets it continue, so that two workers do the same jobs. */
export const zombieWorkerAction = defineAction({
  kind: 'zombie-worker',
  mayFailExports: false,
  takesProcesses: true,
  async run({ system, random, disrupt }) {
    const worker = random.pick(system.workers);
    await disrupt(async () => {
      worker.signal('SIGSTOP');
      try {
        // A job is free when its lock has expired. Workers look for stalled jobs after every half of that time.
        await delay(system.lockMs * 2);
      } finally {
        worker.signal('SIGCONT');
      }
    });
  },
});
