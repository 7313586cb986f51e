/** A chart of a minute with longer windows would have too few points. */
const longestWindowMs = 10_000;

/**
 * The requests in the window that ended at each of the last seconds, the oldest first.
 *
 * @param recent the requests in each of the last seconds, the oldest first
 * @returns nothing if the window is longer than ten seconds
 */
export function usesOfWindows(recent: readonly number[], windowMs: number) {
  if (windowMs > longestWindowMs) return [];
  const seconds = Math.ceil(windowMs / 1000);
  return recent.slice(seconds - 1).map((_, index) => ({
    secondsAgo: recent.length - seconds - index,
    used: recent.slice(index, index + seconds).reduce((sum, count) => sum + count, 0),
  }));
}
