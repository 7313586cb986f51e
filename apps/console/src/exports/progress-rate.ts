/** The progress at a time. */
export interface ProgressSample {
  readonly atMs: number;
  readonly bytes: number;
  /** The lines that are accounted for. */
  readonly done: number;
}

/** Long enough to average out batches, short enough to follow changes of the rate. */
const windowMs = 30_000;

/** Adds a sample and drops samples that are too old for the current rate. */
export function addSample(samples: readonly ProgressSample[], sample: ProgressSample): readonly ProgressSample[] {
  return [...samples.filter(({ atMs }) => sample.atMs - atMs <= windowMs), sample];
}

/** @returns no rate and no time left if nothing has moved, because a guess would mislead */
export function progressRate(
  samples: readonly ProgressSample[],
  total: number,
): { readonly bytesPerSecond?: number; readonly leftMs?: number } {
  const [first, last] = [samples.at(0), samples.at(-1)];
  if (!first || !last || last.atMs === first.atMs) return {};
  const perMs = (from: number, to: number) => (to - from) / (last.atMs - first.atMs);
  const bytesPerMs = perMs(first.bytes, last.bytes);
  const donePerMs = perMs(first.done, last.done);
  return {
    ...(bytesPerMs > 0 ? { bytesPerSecond: bytesPerMs * 1000 } : {}),
    ...(donePerMs > 0 && total > last.done ? { leftMs: (total - last.done) / donePerMs } : {}),
  };
}
