import { addCounts } from '@bulkhead/base';
import { isDocumentRefused } from '@bulkhead/store';
import type { ResourceDocument } from '../version/resource-document.ts';

/** The results of a batch. `written`, `unchanged`, `stale` and `withheld` add up to the number of documents. */
export interface WriteOutcome {
  readonly written: number;
  /** The same version with the same content was already stored. */
  readonly unchanged: number;
  /** The stored version is newer or more complete. */
  readonly stale: number;
  /** Not stored, because they belong to erased patients that the connection keeps out. */
  readonly withheld: number;
  /** The part of `written` that replaced a version with a later time, because a full export showed it later. Absent means 0. */
  readonly setBack?: number;
  /** Resources that the same export contains and names as deleted. The content is kept. Absent means 0. */
  readonly contradictions?: number;
  /** The part of `stale` that is later than the stored version, but incomplete (SUBSETTED). Absent means 0. */
  readonly incomplete?: number;
}

export const noOutcome: WriteOutcome = { written: 0, unchanged: 0, stale: 0, withheld: 0 };

/**
 * Writes documents so that a document that MongoDB rejects does not prevent the others from being stored. A batch with such a document is
 * bisected until the document is found.
 * @param options.onRefused called for each rejected document
 */
export async function writeWithBisection<Item extends { readonly document: ResourceDocument }>(options: {
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
    const ofHalf = (half: readonly Item[]) => writeWithBisection({ ...options, items: half });
    const before = await ofHalf(items.slice(0, middle));
    return sumOutcomes(before, await ofHalf(items.slice(middle)));
  }
}

export function sumOutcomes(left: WriteOutcome, right: Partial<WriteOutcome>): WriteOutcome {
  return addCounts(left, right);
}
