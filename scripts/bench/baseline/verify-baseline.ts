import type { BenchRow } from '../bench.ts';

/**
 * How much of a ratio of the baseline must be left. Generous: two cores that others use gave half of it now and then, while
 * what this is against (a second serialization, a query a line, a batch of one) costs far more.
 */
const share = 0.4;

/** @returns what is lost, in words; a line that the baseline does not know is not judged. */
export function judgeBaseline({
  rows,
  baseline,
}: {
  readonly rows: readonly BenchRow[];
  readonly baseline: Readonly<Record<string, number>>;
}): string[] {
  return rows.flatMap(({ name, ratio }) => {
    const known = baseline[name];
    if (known === undefined || ratio === undefined || ratio >= known * share) return [];
    return [`${name}: ${ratio.toFixed(2)} of its floor, in the baseline ${known.toFixed(2)}`];
  });
}
