/** A chart has room for this many labels. */
const maxTicks = 5;

/** Steps that people count in. */
export const steps = {
  counts: [1, 2, 5].flatMap((digit) => Array.from({ length: 13 }, (_, power) => digit * 10 ** power)).toSorted(byValue),
  percent: [1, 2, 5, 10, 20, 25, 50],
  /** In minutes: seconds, minutes, hours, days. */
  minutes: [
    ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds / 60),
    ...[1, 2, 5, 10, 15, 30],
    ...[1, 2, 3, 6, 12].map((hours) => hours * 60),
    ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((days) => days * 24 * 60),
  ],
} as const;

function byValue(left: number, right: number): number {
  return left - right;
}

/**
 * The labels of an axis from 0 to at least `max`, in whole steps, so that no label appears twice.
 * @param options.possible see `steps`
 */
export function axisTicks({ max, possible }: { readonly max: number; readonly possible: readonly number[] }): number[] {
  const step = possible.find((size) => max / size <= maxTicks - 1) ?? possible.at(-1) ?? 1;
  const count = Math.max(Math.ceil(max / step), 1);
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}
