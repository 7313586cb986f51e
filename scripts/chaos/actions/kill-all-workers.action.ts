import { defineAction } from './chaos-action.ts';

/** Kills all workers at once, so that no worker can take over. */
export const killAllWorkersAction = defineAction({
  kind: 'kill-all-workers',
  mayFailExports: false,
  takesProcesses: true,
  async run({ system, disrupt }) {
    await disrupt(() => Promise.all(system.workers.map((worker) => worker.kill())));
    for (const worker of system.workers) await worker.start();
  },
});
