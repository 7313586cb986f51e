/** The time that the simulator lives in; tests hand in one that they move by hand. */
export interface Clock {
  /** Wall clock, ms since the epoch: instants in resources, expiry of tokens and links. */
  now(): number;
  /** Never goes back, ms: rate windows and how long an export has been running. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
