import { setTimeout as delay } from 'node:timers/promises';

/** Short enough to see a phase of 50 ms, long enough to leave the cores to the processes under test. */
const defaultIntervalMs = 20;

/**
 * Calls `condition` until it returns a value. An error counts as no value.
 *
 * @returns undefined if there is no value within `timeoutMs`, or until the signal
 */
export async function pollUntil<Value>(
  condition: () => Value | undefined | Promise<Value | undefined>,
  {
    timeoutMs,
    intervalMs = defaultIntervalMs,
    signal,
  }: { readonly timeoutMs: number; readonly intervalMs?: number; readonly signal?: AbortSignal },
): Promise<Value | undefined> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      const value = await condition();
      if (value !== undefined) return value;
    } catch {
      // A fault may have stopped the server.
    }
    if (performance.now() > deadlineMs || signal?.aborted) return undefined;
    await delay(intervalMs);
  }
}
