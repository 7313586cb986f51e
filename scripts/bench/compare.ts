import type { BenchContext, BenchRow } from './bench.ts';
import { median } from './report/median.ts';
import type { Measurement } from './systems/start-worker-probe.ts';

/** Reads a value from a measurement. Higher is better, unless the goal is `atMost`. */
type Reading = (measurement: Measurement) => number;

/**
 * Measures a subject and its floor alternately, so that other load of the machine affects both. The first turn is not
 * counted, because it compiles code and fills caches.
 */
export async function alternate(options: {
  readonly context: BenchContext;
  readonly subject: () => Promise<Measurement>;
  readonly floor: () => Promise<Measurement>;
}) {
  const { context, subject, floor } = options;
  const measured: { subject: Measurement[]; floor: Measurement[] } = { subject: [], floor: [] };
  for (let run = 0; run <= context.runs; run++) {
    context.print(`${run === 0 ? 'warming up' : `run ${run} of ${context.runs}`}`);
    const before = await floor();
    const after = await subject();
    if (run === 0) continue;
    measured.floor.push(before);
    measured.subject.push(after);
  }
  return measured;
}

type RowHead = Pick<BenchRow, 'name' | 'unit' | 'goal'>;

/** Returns the row of a single measurement. */
export function singleRow(row: RowHead & Pick<BenchRow, 'value' | 'floor' | 'ratio'>): BenchRow {
  const { value, floor } = row;
  return { ...row, runs: [floor === undefined ? { value } : { value, floor }] };
}

/** Returns the medians of the runs and of their floors, and of their ratios in each run. */
export function medianRow(
  row: RowHead & { readonly runs: readonly { readonly value: number; readonly floor: number }[] },
): BenchRow & { readonly floor: number; readonly ratio: number } {
  return {
    ...row,
    value: median(row.runs.map(({ value }) => value)),
    floor: median(row.runs.map(({ floor }) => floor)),
    ratio: median(row.runs.map(({ value, floor }) => value / floor)),
  };
}

/** Returns the medians of both, and of their ratios in each turn. */
export function compare(
  options: RowHead & { readonly measured: Awaited<ReturnType<typeof alternate>>; readonly read: Reading },
): BenchRow {
  const { measured, read, ...row } = options;
  const runs = measured.subject.map((measurement, index) => ({
    value: read(measurement),
    floor: read(measured.floor[index] as Measurement),
  }));
  return medianRow({ ...row, runs });
}

export const perSecond: Reading = ({ units, seconds }) => units / seconds;
export const perCpuSecond: Reading = ({ units, cpuSeconds }) => units / cpuSeconds;
