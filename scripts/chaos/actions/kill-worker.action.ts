import { defineAction } from './chaos-action.ts';

/** One of the workers dies without a word and is started again. */
export const killWorkerAction = defineAction({
  kind: 'kill-worker',
  mayFailExports: false,
  takesProcesses: true,
  async run({ system, random, strike }) {
    const worker = random.pick(system.workers);
    await strike(() => worker.kill());
    await worker.start();
  },
});
