/** An entry of a list that is not empty. */
export function pick<Entry>(list: readonly Entry[], hash: number): Entry {
  return list[hash % list.length] as Entry;
}
