/**
 * Work that yields after each step of less than 200 ms. A worker runs a large line with `runWithPauses`, which lets the event loop do other
 * work between two steps. `runSteps` runs all steps without a pause.
 */
export type Steps<Result> = Generator<undefined, Result>;

/** Runs all steps at once. */
export function runSteps<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
