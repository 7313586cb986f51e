/** A clock that runs faster than the real one from an instant on. Every process that is given the same one reads the same time. */
export interface FastClock {
  /** Milliseconds since 1970 by the real clock, at which both clocks agree. */
  readonly originMs: number;
  readonly rate: number;
}

export function readFastClock({ originMs, rate }: FastClock, realMs: number): number {
  return Math.round(originMs + (realMs - originMs) * rate);
}

/** Gives a process the clock, if it is started with `--import fast-clock.preload.ts`. */
export function toEnv({ originMs, rate }: FastClock): Readonly<Record<string, string>> {
  return { FAST_CLOCK_ORIGIN_MS: String(originMs), FAST_CLOCK_RATE: String(rate) };
}

export function fromEnv(env: NodeJS.ProcessEnv): FastClock {
  return { originMs: Number(env.FAST_CLOCK_ORIGIN_MS), rate: Number(env.FAST_CLOCK_RATE) };
}
