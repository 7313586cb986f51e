/**
 * Keeps the result of a read for a while. Callers within that time, also concurrent ones, get the same result, so the cost of a
 * page does not depend on how many clients ask for it or how often. A failure is not kept.
 */
export function keepFor<Value>(keptMs: number, read: () => Promise<Value>): () => Promise<Value> {
  let latest: { readonly value: Promise<Value>; readonly readAt: number } | undefined;
  return () => {
    if (latest && performance.now() - latest.readAt < keptMs) return latest.value;
    const value = read();
    const entry = { value, readAt: performance.now() };
    latest = entry;
    value.catch(() => {
      if (latest === entry) latest = undefined;
    });
    return value;
  };
}

/** `keepFor` for each key. There must be few keys, as of connections, because none is forgotten. */
export function keepForKey<Value>(keptMs: number, read: (key: string) => Promise<Value>) {
  const reads = new Map<string, () => Promise<Value>>();
  return (key: string) => {
    const readKept = reads.get(key) ?? keepFor(keptMs, () => read(key));
    reads.set(key, readKept);
    return readKept();
  };
}

/**
 * The first waits between reads of a record, in ms. A kick-off takes about 20 ms if the EHR answers immediately. Later reads follow
 * every 100 ms. A read by id costs well under a millisecond.
 */
const firstIntervalsMs = [10, 20, 40, 80];
const intervalMs = 100;

/**
 * Reads until `read` returns a value. The wait is measured by a clock that is never set, so a correction of the system's clock does not
 * change it.
 * @returns undefined if there is none within `timeoutMs`
 */
export async function waitUntil<Value>(read: () => Promise<Value | undefined>, timeoutMs: number) {
  const deadlineMs = performance.now() + timeoutMs;
  for (let attempt = 0; ; attempt++) {
    const value = await read();
    const pauseMs = firstIntervalsMs[attempt] ?? intervalMs;
    if (value !== undefined || performance.now() + pauseMs > deadlineMs) return value;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/**
 * The interval of shared reads, in ms. A kick-off takes about 20 ms if the EHR answers immediately. A process then reads at most 50 times
 * a second, however many requests wait.
 */
const sharedIntervalMs = 20;

interface Waiter<Value> {
  readonly id: string;
  /** By `performance.now()`, as in `waitUntil`. */
  readonly deadline: number;
  readonly resolve: (value: Value | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Waits until records are ready, with one read for all that wait. The load of the database then does not grow with the number of waiting
 * requests.
 * @param options.readReady reads those of the records that are ready, by id
 */
export function createSharedWait<Value>(options: {
  readonly readReady: (ids: readonly string[]) => Promise<ReadonlyMap<string, Value>>;
}): (id: string, timeoutMs: number) => Promise<Value | undefined> {
  const waiting = new Set<Waiter<Value>>();
  let isReading = false;

  const readOnce = async (): Promise<void> => {
    const waiters = [...waiting];
    try {
      const ready = await options.readReady([...new Set(waiters.map(({ id }) => id))]);
      const isOver = ({ id, deadline }: Waiter<Value>) => ready.has(id) || deadline <= performance.now();
      for (const waiter of waiters.filter(isOver)) {
        waiting.delete(waiter);
        waiter.resolve(ready.get(waiter.id));
      }
    } catch (error) {
      for (const waiter of waiters) {
        waiting.delete(waiter);
        waiter.reject(error);
      }
    }
  };

  const readWhileWaiting = async (): Promise<void> => {
    if (isReading) return;
    isReading = true;
    while (waiting.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, sharedIntervalMs));
      await readOnce();
    }
    isReading = false;
  };

  return (id, timeoutMs) =>
    new Promise((resolve, reject) => {
      waiting.add({ id, deadline: performance.now() + timeoutMs, resolve, reject });
      void readWhileWaiting();
    });
}

/** @returns undefined if the read fails or takes too long. Its cause is in the log lines of the server that is unavailable */
export async function readWithin<Value>(ms: number, read: () => Promise<Value>): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([read(), timeout]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
