/** Adds counts to those of the same names. A name that has none and gets 0 stays absent. */
export function addCounts<Sums extends object>(sums: Sums, counts: Partial<Record<keyof Sums, number>>): Sums {
  const before = new Map<string, number>(Object.entries(sums));
  const added = Object.entries<number | undefined>(counts)
    .filter(([, count = 0]) => count > 0)
    .map(([name, count = 0]) => [name, (before.get(name) ?? 0) + count]);
  return { ...sums, ...Object.fromEntries(added) };
}
