import { cpus } from 'node:os';

/** Measures how many cores of the machine are busy, including other programs, until the returned function is called. */
export function watchCores(): () => number {
  const read = () =>
    cpus().reduce(
      (sum, { times: { user, nice, sys, irq, idle } }) => ({
        busy: sum.busy + user + nice + sys + irq,
        all: sum.all + user + nice + sys + irq + idle,
      }),
      { busy: 0, all: 0 },
    );
  const before = read();
  return () => {
    const after = read();
    return ((after.busy - before.busy) / (after.all - before.all)) * cpus().length;
  };
}
