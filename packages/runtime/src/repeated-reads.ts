/**
 * Keeps the result of a read for a while. Callers within that time, also concurrent ones, get the same result, so the cost of a
 * page does not depend on how many clients ask for it or how often. A failure is not kept.
 */
export function keepFor<Value>({
  keptMs,
  read,
}: {
  readonly keptMs: number;
  readonly read: () => Promise<Value>;
}): () => Promise<Value> {
  let kept: { readonly value: Promise<Value>; readonly readAt: number } | undefined;
  return () => {
    if (kept && performance.now() - kept.readAt < keptMs) return kept.value;
    const value = read();
    const mine = { value, readAt: performance.now() };
    kept = mine;
    value.catch(() => {
      if (kept === mine) kept = undefined;
    });
    return value;
  };
}

/**
 * The first waits between reads of a record, in ms. A kick-off takes about 20 ms if the EHR answers immediately. Later reads follow
 * every 100 ms. A read by id costs well under a millisecond.
 */
const firstIntervalsMs = [10, 20, 40, 80];
const intervalMs = 100;

/** Reads until `read` returns a value. @returns undefined if there is none within `timeoutMs` */
export async function waitUntil<Value>(
  read: () => Promise<Value | undefined>,
  timeoutMs: number,
): Promise<Value | undefined> {
  const deadline = Date.now() + timeoutMs;
  for (let attempt = 0; ; attempt++) {
    const value = await read();
    const pauseMs = firstIntervalsMs[attempt] ?? intervalMs;
    if (value !== undefined || Date.now() + pauseMs > deadline) return value;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
