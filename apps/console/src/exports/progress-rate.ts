/** What was done by a time. */
export interface ProgressSample {
  readonly atMs: number;
  readonly bytes: number;
  /** Lines that are accounted for. */
  readonly done: number;
}

/** Long enough for batches to even out, short enough to follow a change of the rate. */
const windowMs = 30_000;

/** With a sample more, and without those that are too old to tell of the rate now. */
export function addSample(samples: readonly ProgressSample[], sample: ProgressSample): readonly ProgressSample[] {
  return [...samples.filter(({ atMs }) => sample.atMs - atMs <= windowMs), sample];
}

/** @returns neither where nothing has moved: an honest page says so rather than guess. */
export function progressRate(options: { readonly samples: readonly ProgressSample[]; readonly total: number }): {
  readonly bytesPerSecond?: number;
  readonly leftMs?: number;
} {
  const { samples, total } = options;
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
