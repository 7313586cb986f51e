/** How often a record is looked at while a request waits for it; a read by id costs well under a millisecond. */
const intervalMs = 100;

/** Reads until `read` gives something, or until `timeoutMs` is over: then undefined. */
export async function waitUntil<Value>(
  read: () => Promise<Value | undefined>,
  timeoutMs: number,
): Promise<Value | undefined> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (value !== undefined || Date.now() + intervalMs > deadline) return value;
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
