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
