/**
 * Runs one command for all calls that arrived while the previous command ran. A call alone is sent at once, and under load the number of
 * commands does not grow with the number of calls.
 *
 * @param options.run returns one result for each item, in their order. If it fails, every call of the batch fails with its error.
 * @param options.maxBatch the most items of one command
 */
export function inBatches<Item, Result>(options: {
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly maxBatch: number;
}): (item: Item) => Promise<Result> {
  const { run, maxBatch } = options;
  const waiting: { readonly item: Item; readonly result: PromiseWithResolvers<Result> }[] = [];
  let isRunning = false;

  const runWaiting = async (): Promise<void> => {
    isRunning = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, maxBatch);
      try {
        const results = await run(batch.map(({ item }) => item));
        for (const [index, { result }] of batch.entries()) result.resolve(results[index] as Result);
      } catch (error) {
        for (const { result } of batch) result.reject(error);
      }
    }
    isRunning = false;
  };

  return (item) => {
    const result = Promise.withResolvers<Result>();
    waiting.push({ item, result });
    if (!isRunning) void runWaiting();
    return result.promise;
  };
}

/** The number of ids in one command, and of documents that are deleted between two checks of the signal. */
export const batchSize = 500;

export function toBatches<Item>(items: readonly Item[], size = batchSize): Item[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}

export async function* pagesOf<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
  size = batchSize,
): AsyncGenerator<Item[]> {
  let page: Item[] = [];
  for await (const item of items) {
    page.push(item);
    if (page.length < size) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
