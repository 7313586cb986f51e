/**
 * A read whose answer is kept for a while: whoever asks more often gets the same one, and asks under way are one. So what a
 * page costs does not depend on how often, or by how many, it is asked for. A failure is not kept.
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
 * How long to wait before the first looks at a record, ms: a kick-off takes some 20 ms where the EHR answers at once. What is
 * not there after these is looked for every 100 ms; a read by id costs well under a millisecond.
 */
const firstIntervalsMs = [10, 20, 40, 80];
const intervalMs = 100;

/** Reads until `read` gives something, or until `timeoutMs` is over: then undefined. */
export async function waitUntil<Value>(
  read: () => Promise<Value | undefined>,
  timeoutMs: number,
): Promise<Value | undefined> {
  const deadline = Date.now() + timeoutMs;
  for (let look = 0; ; look++) {
    const value = await read();
    const pauseMs = firstIntervalsMs[look] ?? intervalMs;
    if (value !== undefined || Date.now() + pauseMs > deadline) return value;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
