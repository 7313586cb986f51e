import type { AppError } from '@bulkhead/base';
import { invalidRequest } from '@bulkhead/base';
import { z } from 'zod';

/*
 * Every list of the API is read in pages: `limit` is the size of a page, `next` in the answer is the `cursor` of the following page, and
 * the last page has no `next`. A cursor is the id of the last entry of a page, so entries that are added or deleted in between do not
 * shift the pages. Clients must not rely on that.
 *
 * Some lists also say how many entries match (`total`), if an index can count them.
 */

const cursor = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe('The `next` of the previous page. Without it the list begins with its first entry.');

const limit = z.coerce.number().int().min(1).max(1000);

export interface PageQuery {
  /** Undefined: the whole list. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** The parameters of a list that can be long. */
export function pageQuery({ defaultLimit }: { readonly defaultLimit: number }) {
  return {
    limit: limit.default(defaultLimit).describe('The maximum number of entries of the page.'),
    cursor,
  };
}

/** Counting this many keys of an index takes some milliseconds. A person does not need a larger number exactly. */
export const maxTotal = 10_000;

/** A parameter of a query that is on or off. */
export const trueOrFalse = z.stringbool({ truthy: ['true'], falsy: ['false'], error: 'must be true or false' });

/** The parameter of a list that can count its matches. */
export const totalQuery = {
  total: trueOrFalse
    .default(false)
    .describe('`true` adds the number of all matches to the first page, if an index can count them.'),
};

/** The query of a list that is short by its nature. Without `limit` it is returned whole. */
export const shortListQuery = z.strictObject({
  limit: limit.optional().describe('The maximum number of entries of the page. Without it the whole list is returned.'),
  cursor,
});

export interface Page<Item> {
  readonly items: Item[];
  /** Undefined on the last page. */
  readonly next: string | undefined;
  /** The number of all matches, at most `maxTotal`. Undefined if it was not asked for, or if counting would take long. */
  readonly total?: number | undefined;
}

/**
 * Reads a page. One more entry is read to learn whether another page follows.
 * @throws AppError `invalid-request` if the cursor cannot be an id of this list
 */
export async function readPage<Item extends { readonly id: string }>(
  {
    limit: size,
    cursor: after,
    total: isCounted = false,
  }: PageQuery & { readonly limit: number; readonly total?: boolean },
  options: {
    /** How the ids of this list begin. */
    readonly ids: RegExp;
    /** Lists `limit` entries after the one with the id `after`, which may have been deleted. */
    readonly read: (page: { readonly limit: number; readonly after: string | undefined }) => Promise<readonly Item[]>;
    /** Counts all matches, but at most `limit`. Returns undefined if no index can count them. */
    readonly count?: (limit: number) => Promise<number | undefined>;
  },
): Promise<Page<Item>> {
  const { ids, read, count } = options;
  // Every text has a position among the ids, so the page would be the first one again, or an empty one.
  if (after !== undefined && !ids.test(after)) throw invalidCursor('is not from a page of this list');
  const items = await read({ limit: size + 1, after });
  const page = items.slice(0, size);
  const total = isCounted && after === undefined ? await count?.(maxTotal) : undefined;
  return { items: page, next: items.length > size ? page.at(-1)?.id : undefined, total };
}

/**
 * Cuts a page out of a whole list.
 * @param idOf names an entry. By default entries are named by their position, for lists whose entries have no id
 * @throws AppError `invalid-request` if no entry has the id of the cursor
 */
export function pageOf<Item>(
  items: readonly Item[],
  { limit: size = items.length, cursor: after }: PageQuery,
  idOf: (item: Item, index: number) => string = (_item, index) => String(index + 1),
): Page<Item> {
  const begin = after === undefined ? 0 : items.findIndex((item, index) => idOf(item, index) === after) + 1;
  if (begin === 0 && after !== undefined) {
    throw invalidCursor('is not from a page of this list, or its entry was deleted');
  }
  const end = begin + size;
  const last = items[end - 1];
  return {
    items: items.slice(begin, end),
    next: end < items.length && last !== undefined ? idOf(last, end - 1) : undefined,
  };
}

function invalidCursor(fault: string): AppError {
  return invalidRequest([{ path: 'cursor', message: `${fault}. Read the list from its beginning, without cursor` }]);
}
