/**
 * A clock that runs faster than the real one from an instant on. Every process with the same clock reads the same time.
 */
export interface FastClock {
  /** Milliseconds since 1970 by the real clock, at which both clocks agree. */
  readonly originMs: number;
  readonly rate: number;
}

/** @param clock undefined: the real time */
export function readFastClock(clock: FastClock | undefined, realMs: number): number {
  return clock === undefined ? realMs : Math.round(clock.originMs + (realMs - clock.originMs) * clock.rate);
}
