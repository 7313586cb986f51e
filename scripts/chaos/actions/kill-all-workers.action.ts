import { defineAction } from './chaos-action.ts';

/** All workers die at once: nobody is there to take over. */
export const killAllWorkersAction = defineAction({
  kind: 'kill-all-workers',
  mayFailExports: false,
  takesProcesses: true,
  async run({ system, strike }) {
    await strike(() => Promise.all(system.workers.map((worker) => worker.kill())));
    for (const worker of system.workers) await worker.start();
  },
});
