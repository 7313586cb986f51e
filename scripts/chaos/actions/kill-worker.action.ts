import { defineAction } from './chaos-action.ts';

/** Kills one of the workers without a shutdown and restarts it. */
export const killWorkerAction = defineAction({
  kind: 'kill-worker',
  mayFailExports: false,
  takesProcesses: true,
  async run({ system, random, disrupt }) {
    const worker = random.pick(system.workers);
    await disrupt(() => worker.kill());
    await worker.start();
  },
});
