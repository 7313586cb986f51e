/**
 * How many places a process takes at its turn, at most: a quarter of the limit. That makes a quarter of the questions, and still
 * four others get theirs within a window.
 */
export function batchSize({ limit }: { readonly limit: number }): number {
  return Math.max(1, Math.floor(limit / 4));
}
