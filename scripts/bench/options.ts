import { parseCommandLine } from '../command-line.ts';
import type { Bench } from './bench.ts';

export type BenchOptions = ReturnType<typeof readOptions>;

/** @throws Error that names the invalid option and shows the usage */
export function readOptions(args: readonly string[], benches: readonly Bench[]) {
  const flag = { type: 'boolean' } as const;
  const knownOptions = {
    json: flag,
    check: flag,
    'write-baseline': flag,
    full: flag,
    runs: { type: 'string' },
    resources: { type: 'string' },
  } as const;
  const { values, positionals } = parseCommandLine(
    { args: [...args], allowPositionals: true, options: knownOptions },
    usage(benches),
  );
  const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
  if (unknown.length > 0) throw new Error(`There is no bench ${unknown.join(', ')}.\n${usage(benches)}`);
  const readCount = (name: 'runs' | 'resources'): number | undefined => {
    const { [name]: text } = values;
    if (text === undefined) return undefined;
    const count = Number(text);
    if (Number.isInteger(count) && count > 0) return count;
    throw new Error(`--${name} must be a whole number above 0\n${usage(benches)}`);
  };
  return {
    benches: positionals.length === 0 ? benches : benches.filter(({ name }) => positionals.includes(name)),
    json: values.json === true,
    /** Compare the guarded ratios with the baseline, in the short form of the benches. */
    check: values.check === true,
    /** Replace the baseline by the measured ratios. */
    writeBaseline: values['write-baseline'] === true,
    /** Also run the sizes that take longer than ten minutes. */
    isFull: values.full === true,
    runs: readCount('runs') ?? 5,
    /** How many resources `peers` imports. */
    resources: readCount('resources'),
  };
}

function usage(benches: readonly Bench[]): string {
  const lines = benches.map(
    ({ name, about, minutes }) => `  ${name.padEnd(14)} ${`${minutes} min`.padStart(6)}  ${about}`,
  );
  return [
    'usage: pnpm bench [name ...] [--json] [--runs N] [--resources N] [--full] [--check [--write-baseline]]',
    '  --json            per line { name, value, floor, ratio, unit, goal, met, runs }',
    '  --runs N          interleaved runs of which the medians count (default 5)',
    '  --resources N     how many resources peers imports (default 20000)',
    '  --full            also the sizes that take longer than ten minutes',
    '  --check           compare the guarded ratios of the short form with scripts/bench/baseline/baseline.json: exit 1 if one is lost',
    ...lines,
  ].join('\n');
}
