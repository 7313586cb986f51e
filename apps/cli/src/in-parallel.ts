/**
 * Runs a function for each item, some at a time. After an error no further item is begun.
 * @throws the first error, when the calls that were running have ended
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  options: { readonly limit: number; readonly run: (item: Item) => Promise<Result> },
): Promise<Result[]> {
  const { limit, run } = options;
  const results: Result[] = [];
  const left = items.entries();
  let isStopped = false;
  const work = async () => {
    for (const [index, item] of left) {
      if (isStopped) return;
      try {
        results[index] = await run(item);
      } catch (error) {
        isStopped = true;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, work));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
  return results;
}
