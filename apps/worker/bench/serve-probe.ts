/** The result of a measurement. */
export interface Counted {
  readonly units: number;
  readonly details?: Readonly<Record<string, number>>;
}

/** Work to be measured. What it awaits before it returns `run` is preparation and is not measured. */
export type Work = (argument: never) => Promise<() => Promise<Counted>>;

/**
 * The child process of `scripts/bench/probe.ts`. It runs the work that it receives by name, one at a time, and sends the time, the CPU
 * time of all threads and what was counted. It ends when the parent process disconnects.
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
  if (!work) throw new Error('unknown work');
  const run = await work(argument);
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const { units, details = {} } = await run();
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { units, seconds, cpuSeconds: (user + system) / 1e6, details };
}
