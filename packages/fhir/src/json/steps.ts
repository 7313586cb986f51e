/**
 * Work in steps of less than 200 ms. A worker lets its event loop do other work between the steps of a large line (`runWithPauses` of
 * @bulkhead/base). Others run the steps at once.
 */
export type Steps<Result> = Generator<undefined, Result>;

/** Runs all steps at once. */
export function runSteps<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
