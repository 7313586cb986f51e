/** The simulator's time. Tests pass a clock that they advance by hand. */
export interface Clock {
  /** Wall clock in ms since the epoch, for instants in resources and the expiry of tokens and links. */
  now(): number;
  /** A clock in ms that never goes back, for rate windows and the run time of exports. */
  monotonic(): number;
  /**
   * How long in ms an event that is observed now may have waited because this process was blocked. 0 if it was not
   * blocked.
   */
  lateness(): number;
  stop(): void;
}

/**
 * Longer than the usual delay of a timer, and much shorter than the 150 ms of travel time that a client's limiter
 * allows.
 */
const tickMs = 20;
/** Two ticks. A shorter block delays no event enough to matter. */
const stallMs = 2 * tickMs;

/**
 * The system clock. Node.js reads sockets after it runs timers, so after a late tick a request may have arrived at any
 * time since the tick before it.
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
