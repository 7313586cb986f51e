import { setTimeout as delay } from 'node:timers/promises';

/** Often enough to hit a phase of 50 ms, seldom enough to leave the cores to those who are watched. */
const defaultIntervalMs = 20;

/**
 * Asks `condition` until it gives something.
 * @returns undefined where it did not within `timeoutMs`; an error of the condition counts as "not yet".
 */
export async function pollUntil<Value>(
  condition: () => Value | undefined | Promise<Value | undefined>,
  { timeoutMs, intervalMs = defaultIntervalMs }: { readonly timeoutMs: number; readonly intervalMs?: number },
): Promise<Value | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      const value = await condition();
      if (value !== undefined) return value;
    } catch {
      // A server that is away on purpose.
    }
    if (performance.now() > deadline) return undefined;
    await delay(intervalMs);
  }
}
