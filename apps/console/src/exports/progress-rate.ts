/** The progress at a time. */
export interface ProgressSample {
  readonly atMs: number;
  readonly bytes: number;
}

/** Long enough to average out batches, short enough to follow changes of the rate. */
const windowMs = 30_000;

/** Adds a sample and drops samples that are too old for the current rate. */
export function addSample(samples: readonly ProgressSample[], sample: ProgressSample): readonly ProgressSample[] {
  return [...samples.filter(({ atMs }) => sample.atMs - atMs <= windowMs), sample];
}

/** @returns undefined if nothing has moved */
export function bytesPerSecondOf(samples: readonly ProgressSample[]): number | undefined {
  const [first, last] = [samples.at(0), samples.at(-1)];
  if (!first || !last || last.atMs === first.atMs || last.bytes <= first.bytes) return undefined;
  return ((last.bytes - first.bytes) / (last.atMs - first.atMs)) * 1000;
}
