/** Each measurement can only be too long, because garbage of earlier work may be collected during it. */
const attempts = 3;

/**
 * The longest time for which work held the event loop, in CPU time of this thread, which does not depend on other processes.
 * @returns the shortest of some measurements, in ms
 */
export async function longestHoldMs(work: () => Promise<unknown>): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < attempts; attempt++) shortest = Math.min(shortest, await measure(work));
  return shortest;
}

async function measure(work: () => Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let isDone = false;
  let before = process.threadCpuUsage();
  const end = Promise.withResolvers<void>();
  const tick = (): void => {
    const { user, system } = process.threadCpuUsage(before);
    longestMs = Math.max(longestMs, (user + system) / 1000);
    before = process.threadCpuUsage();
    if (isDone) end.resolve();
    else setImmediate(tick);
  };
  setImmediate(tick);
  await work();
  isDone = true;
  await end.promise;
  return longestMs;
}
