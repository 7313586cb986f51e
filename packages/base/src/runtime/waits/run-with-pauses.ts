import { setImmediate } from 'node:timers/promises';

/** Runs work that consists of steps. The event loop does other work between them, such as renewing the locks of jobs. */
export async function runWithPauses<Result>(steps: Generator<undefined, Result>): Promise<Result> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await setImmediate();
  }
}
