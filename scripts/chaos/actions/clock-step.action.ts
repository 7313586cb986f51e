import { setTimeout as delay } from 'node:timers/promises';
import { defineAction } from './chaos-action.ts';

const stepMs = 10 * 60_000;
/** Time for polls and retries to be planned by a clock that is wrong. */
const stay = { minMs: 200, maxMs: 1000 } as const;
/** What is planned ahead is planned in these. */
const phases = ['kicking-off', 'exporting', 'downloading'] as const;

/** The wall clock of API and workers is set ten minutes forward and back, or back and forward, while they run. */
export const clockStepAction = defineAction({
  kind: 'clock-step',
  mayFailExports: false,
  takesProcesses: false,
  drawMoment: (random) => ({ on: 'phase', phase: random.pick(phases), delayMs: random.integer(0, 500) }),
  async run({ system, random, strike }) {
    const first = random.pick([stepMs, -stepMs]);
    try {
      for (const offsetMs of [first, -first]) {
        await strike(() => system.shiftClocks(offsetMs));
        await delay(random.integer(stay.minMs, stay.maxMs));
      }
    } finally {
      system.shiftClocks(0);
    }
  },
});
