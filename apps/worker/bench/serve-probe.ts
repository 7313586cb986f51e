/** What a measurement counted, and what else there is to tell of it. */
export interface Counted {
  readonly units: number;
  readonly details?: Readonly<Record<string, number>>;
}

/** A piece of work to be measured. What it awaits before it returns `run` is preparation and does not count. */
export type Work = (argument: never) => Promise<() => Promise<Counted>>;

/**
 * The process' side of `scripts/bench/probe.ts`: does the work that it is told to by name, one at a time, and answers with
 * time, CPU time of all threads, and what was counted. Ends with whoever started it.
 */
export function serveProbe(works: Readonly<Record<string, Work>>): void {
  process.on('disconnect', () => process.exit(0));
  process.on('message', ({ name, argument }: { readonly name: string; readonly argument: never }) => {
    const work = works[name];
    void measure(work, argument).then(
      (measurement) => process.send?.(measurement),
      (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
    );
  });
  process.send?.({});
}

async function measure(work: Work | undefined, argument: never) {
  if (!work) throw new Error('there is no such work');
  const run = await work(argument);
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const { units, details = {} } = await run();
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { units, seconds, cpuSeconds: (user + system) / 1e6, details };
}
