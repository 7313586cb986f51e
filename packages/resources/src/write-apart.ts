import { isDocumentRefused } from '@bulkhead/store';
import type { WriteOutcome } from './resource.writer.ts';
import type { ResourceDocument } from './resource-document.ts';

export const noOutcome: WriteOutcome = { written: 0, unchanged: 0, stale: 0, withheld: 0 };

/**
 * Writes documents so that one which MongoDB refuses does not keep the others from being stored: a batch with such a document is
 * halved until the document is found.
 * @param options.onRefused called for each refused document
 */
export async function writeApart<Item extends { readonly document: ResourceDocument }>(options: {
  readonly items: readonly Item[];
  readonly write: (documents: readonly ResourceDocument[]) => Promise<WriteOutcome>;
  readonly onRefused: (item: Item) => void;
}): Promise<WriteOutcome> {
  const { items, write, onRefused } = options;
  const [first] = items;
  if (first === undefined) return noOutcome;
  try {
    return await write(items.map(({ document }) => document));
  } catch (error) {
    if (!isDocumentRefused(error)) throw error;
    if (items.length === 1) {
      onRefused(first);
      return noOutcome;
    }
    const middle = Math.ceil(items.length / 2);
    const before = await writeApart({ ...options, items: items.slice(0, middle) });
    return sumOutcomes(before, await writeApart({ ...options, items: items.slice(middle) }));
  }
}

export function sumOutcomes(left: WriteOutcome, right: WriteOutcome): WriteOutcome {
  return {
    written: left.written + right.written,
    unchanged: left.unchanged + right.unchanged,
    stale: left.stale + right.stale,
    withheld: left.withheld + right.withheld,
  };
}
