/** The time that the simulator lives in; tests hand in one that they move by hand. */
export interface Clock {
  /** Wall clock, ms since the epoch: instants in resources, expiry of tokens and links. */
  now(): number;
  /** Never goes back, ms: rate windows and how long an export has been running. */
  monotonic(): number;
  /** How long what is seen now may have waited to be seen, ms, where this process stood still; otherwise 0. */
  lateness(): number;
  stop(): void;
}

/** Longer than a timer is usually late, much shorter than the 150 ms that a client's limiter allows for the way of a request. */
const tickMs = 20;
/** Two ticks: a process that stood still for less has seen nothing late that would matter. */
const stallMs = 2 * tickMs;

/**
 * The machine's clock. Sockets are read after timers are run, so what is read after a late tick may have come since the tick
 * before it.
 */
export function startSystemClock(): Clock {
  let tickedAt = performance.now();
  let tickedBefore = tickedAt;
  const timer = setInterval(() => {
    tickedBefore = tickedAt;
    tickedAt = performance.now();
  }, tickMs);
  timer.unref();
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    lateness() {
      const nowMs = performance.now();
      const seenBefore = tickedAt - tickedBefore > stallMs ? tickedBefore : tickedAt;
      const lateMs = nowMs - seenBefore;
      return lateMs > stallMs ? lateMs : 0;
    },
    stop: () => clearInterval(timer),
  };
}
