/** The middle of some values, the higher one of two. @returns undefined if there is none */
export function median(values: readonly number[]): number | undefined {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];
}
