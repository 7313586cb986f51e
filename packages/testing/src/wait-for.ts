/** The wait ends at most this share late. */
const lateness = 0.05;
const longestIntervalMs = 250;
/** Shorter than the limit of a test, so that the failure says what was waited for. A machine that is busy with something else is no failure. */
const defaultTimeoutMs = 150_000;

/**
 * Calls `condition` until it returns something truthy, and returns that. Most conditions send a request, so the calls become rarer: every
 * 250 ms after five seconds.
 * @param options.intervalMs the shortest time between two calls
 * @throws the condition's last error, or an error that names `what`, after `timeoutMs`
 */
export async function waitFor<Value>(
  condition: () => Value | Promise<Value>,
  { timeoutMs = defaultTimeoutMs, intervalMs = 20, what = 'the condition' } = {},
): Promise<NonNullable<Value>> {
  // Some tests change the system's clock.
  const startedAtMs = performance.now();
  const waitedMs = () => performance.now() - startedAtMs;
  let lastError: unknown;
  while (waitedMs() < timeoutMs) {
    try {
      const value = await condition();
      if (value) return value as NonNullable<Value>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    const rarerMs = Math.min(waitedMs() * lateness, longestIntervalMs);
    await new Promise((resolve) => setTimeout(resolve, Math.max(intervalMs, rarerMs)));
  }
  throw lastError ?? new Error(`waited ${timeoutMs} ms for ${what}`);
}
