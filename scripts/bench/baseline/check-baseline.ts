import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench, BenchContext, BenchRow } from '../bench.ts';
import { ingestParse } from '../benches/ingest-parse.bench.ts';
import { ingestStore } from '../benches/ingest-store.bench.ts';
import { reingest } from '../benches/reingest.bench.ts';
import { verifyBaseline } from './verify-baseline.ts';

const guarded: readonly Bench[] = [ingestParse, ingestStore, reingest];
/** With so little data, compiling is a large part of the time, so its ratios are lower than those of the usual size. */
const size = 'short';
const file = join(import.meta.dirname, 'baseline.json');
/** A busy machine is not a regression, so a ratio counts as lost only if it is lost in each attempt. */
const attempts = 4;

/**
 * `JSON.parse` over texts in memory gave 80,000 to 170,000 resources in a CPU second on one machine, so a ratio against it
 * says more about the floor. The bare steps do the same work as the system, and their ratio guards it.
 */
const unguarded: readonly string[] = ['ingest-parse', 'ingest-parse, by time', 'the bare steps themselves'];

/** Compares the ratios of the short benches with the committed ones. @returns the exit code */
export async function checkBaseline(options: {
  readonly measure: (bench: Bench, context: Partial<BenchContext>) => Promise<BenchRow[]>;
  /** Store the measured ratios as the new baseline instead. */
  readonly write: boolean;
  readonly print: (text: string) => void;
}): Promise<number> {
  const { measure, write, print } = options;
  if (write) {
    const rows: BenchRow[] = [];
    for (const bench of guarded) rows.push(...(await measure(bench, { size })));
    const ratios = rows.flatMap(({ name, ratio }) =>
      ratio === undefined || unguarded.includes(name) ? [] : [[name, Number(ratio.toFixed(3))]],
    );
    writeFileSync(file, `${JSON.stringify(Object.fromEntries(ratios), null, 2)}\n`);
    return 0;
  }
  const baseline = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
  const lost: string[] = [];
  for (const bench of guarded) {
    let faults: readonly string[] = [];
    for (let attempt = 1; attempt <= attempts; attempt++) {
      faults = verifyBaseline(await measure(bench, { size, runs: 1 }), baseline);
      if (faults.length === 0) break;
      for (const text of faults) print(`Attempt ${attempt} of ${attempts}: ${text}`);
    }
    lost.push(...faults);
  }
  for (const text of lost) print(`LOST: ${text}`);
  if (lost.length === 0) print('No guarded ratio is lost.');
  return lost.length === 0 ? 0 : 1;
}
