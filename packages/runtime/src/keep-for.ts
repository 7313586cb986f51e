/**
 * A read whose answer is kept for a while: whoever asks more often gets the same one, and asks under way are one. So what a
 * page costs does not depend on how often, or by how many, it is asked for. A failure is not kept.
 */
export function keepFor<Value>({
  keptMs,
  read,
}: {
  readonly keptMs: number;
  readonly read: () => Promise<Value>;
}): () => Promise<Value> {
  let kept: { readonly value: Promise<Value>; readonly readAt: number } | undefined;
  return () => {
    if (kept && performance.now() - kept.readAt < keptMs) return kept.value;
    const value = read();
    const mine = { value, readAt: performance.now() };
    kept = mine;
    value.catch(() => {
      if (kept === mine) kept = undefined;
    });
    return value;
  };
}
