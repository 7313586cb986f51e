/** Matches the ids that begin with `<owner>/`, by a range that can use an index. "0" is the character after "/". */
export function idsBelow(owner: string): { readonly $gte: string; readonly $lt: string } {
  return { $gte: `${owner}/`, $lt: `${owner}0` };
}
