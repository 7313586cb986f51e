/** Clocks of servers differ by minutes. */
const toleranceMs = 10 * 60_000;

/**
 * Whether a time that a server sent is in the future, by more than clocks differ. If the next request asked for what has changed since
 * that time, it would miss every change until then.
 */
export function isTooFarAhead(time: Date, now: Date): boolean {
  return time.getTime() > now.getTime() + toleranceMs;
}
