/** A condition for the ids that begin with `<owner>/`, which an index serves. "0" is the character after "/". */
export function idsBelow(owner: string): { readonly $gte: string; readonly $lt: string } {
  return { $gte: `${owner}/`, $lt: `${owner}0` };
}
