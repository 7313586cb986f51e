import { drawMoment } from '../plan/moment.ts';
import { defineAction } from './chaos-action.ts';

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
