import { setTimeout as delay } from 'node:timers/promises';
import { drawMoment } from '../plan/moment.ts';
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

/** Duration of a POST until it waits for the kick-off: some writes, each with its fsync. */
const postMs = 60;

/** Kills the API. In half of the cases this happens during the POST, between any two of its writes. */
export const killApiAction = defineAction({
  kind: 'kill-api',
  mayFailExports: false,
  takesProcesses: false,
  drawMoment: (random) =>
    random.chance(0.5) ? { on: 'delay', delayMs: random.integer(0, postMs) } : drawMoment(random),
  async run({ system: { api }, disrupt }) {
    await disrupt(() => api.kill());
    await api.start();
  },
});

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
