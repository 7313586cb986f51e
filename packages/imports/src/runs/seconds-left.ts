/** The work of a run that is counted: resources that are stored, or searches that are done. */
export interface CountedWork {
  readonly done: number;
  /** 0 if it is not known. */
  readonly total: number;
  /** In a millisecond. 0 while nothing moves. */
  readonly rate: number;
}

/**
 * Estimates the time that a run still needs. The lists, the pages, the command line and the API all show this number, so that two of
 * them cannot differ.
 *
 * 1. If the work is counted, what remains at the current rate.
 * 2. Otherwise what remains of the time that the last runs of the connection took.
 *
 * @returns seconds, at least 1. Undefined if nothing moves or the run is over its usual time, because a guess would mislead
 */
export function secondsLeft(options: {
  readonly work?: CountedWork | undefined;
  /** How long the run has taken so far. */
  readonly tookMs: number;
  readonly usualMs?: number | undefined;
}): number | undefined {
  const { work, tookMs, usualMs = 0 } = options;
  if (work && work.total > 0) {
    if (work.rate <= 0 || work.done >= work.total) return undefined;
    return toSeconds((work.total - work.done) / work.rate);
  }
  return usualMs > tookMs ? toSeconds(usualMs - tookMs) : undefined;
}

function toSeconds(ms: number): number {
  return Math.max(Math.ceil(ms / 1000), 1);
}
