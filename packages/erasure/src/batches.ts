/** A record that is found by its id. */
export interface Named {
  readonly _id: string;
}

/** The number of ids in one command, and of documents that are deleted between two checks of the signal. */
export const batchSize = 500;

export function toBatches<Item>(items: readonly Item[]): Item[][] {
  const count = Math.ceil(items.length / batchSize);
  return Array.from({ length: count }, (_, index) => items.slice(index * batchSize, (index + 1) * batchSize));
}
