/** Each measurement can only be too long, because garbage of earlier work may be collected during it. */
const attempts = 3;

/** What a core reads in 5 ms if no other process shares it. On a shared core even CPU time is up to twice as long. */
const knownWork = JSON.stringify(
  Array.from({ length: 40_000 }, (_, id) => ({ id: `r${id}`, code: 'a', value: id / 7 })),
);
const knownWorkMs = 5;

/**
 * The longest time for which work held the event loop, in CPU time of this thread on a core of its own.
 * @returns the shortest of some measurements, in ms
 */
export async function longestHoldMs(work: () => Promise<unknown>): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const slowdown = Math.max(1, cpuMsOf(() => JSON.parse(knownWork)) / knownWorkMs);
    shortest = Math.min(shortest, (await measure(work)) / slowdown);
  }
  return shortest;
}

function cpuMsOf(work: () => unknown): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
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
