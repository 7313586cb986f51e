import { drawMoment } from '../plan/moment.ts';
import { defineAction } from './chaos-action.ts';

/** A POST's work before its wait for the kick-off: some writes, each with its fsync. */
const postMs = 60;

/** The API dies, half of the times in the middle of the POST: between any two of its writes. */
export const killApiAction = defineAction({
  kind: 'kill-api',
  mayFailExports: false,
  takesProcesses: false,
  drawMoment: (random) =>
    random.chance(0.5) ? { on: 'delay', delayMs: random.integer(0, postMs) } : drawMoment(random),
  async run({ system: { api }, strike }) {
    await strike(() => api.kill());
    await api.start();
  },
});
