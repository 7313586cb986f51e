import { setTimeout as delay } from 'node:timers/promises';
import { defineAction } from './chaos-action.ts';

const stepMs = 10 * 60_000;
/** Long enough for polls and retries to be scheduled by a wrong clock. */
const stay = { minMs: 200, maxMs: 1000 } as const;
/** The phases that schedule later work. */
const phases = ['kicking-off', 'exporting', 'downloading'] as const;

/** Sets the wall clock of the API and the workers ten minutes forward and back, or back and forward, while they run. */
export const clockStepAction = defineAction({
  kind: 'clock-step',
  mayFailExports: false,
  takesProcesses: false,
  drawMoment: (random) => ({ on: 'phase', phase: random.pick(phases), delayMs: random.integer(0, 500) }),
  async run({ system, random, disrupt }) {
    const first = random.pick([stepMs, -stepMs]);
    try {
      for (const offsetMs of [first, -first]) {
        await disrupt(() => system.shiftClocks(offsetMs));
        await delay(random.integer(stay.minMs, stay.maxMs));
      }
    } finally {
      system.shiftClocks(0);
    }
  },
});
