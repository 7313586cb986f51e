import type { BenchRow } from '../bench.ts';

/**
 * The share of a baseline ratio that must be reached. It is low, because two cores that other programs use sometimes
 * gave half of a ratio. The regressions that this must detect (a second serialization, a query per line, a batch of
 * one) cost far more.
 */
const share = 0.4;

/** @returns the lost ratios in words; a row that is not in the baseline is not compared */
export function verifyBaseline(rows: readonly BenchRow[], baseline: Readonly<Record<string, number>>): string[] {
  return rows.flatMap(({ name, ratio }) => {
    const baselineRatio = baseline[name];
    if (baselineRatio === undefined || ratio === undefined || ratio >= baselineRatio * share) return [];
    return [`${name}: ${ratio.toFixed(2)} of its floor, in the baseline ${baselineRatio.toFixed(2)}`];
  });
}
