import { hash } from 'node:crypto';
import type { AppError } from '@bulkhead/base';
import { ehrError } from '../errors.ts';

/**
 * Detects searches that never end: a `link[next]` that names its own page, pages that lead back to an earlier page, and more pages
 * than any search can have. The check is Brent's algorithm. The search stores one hash, which is replaced after the pages 1, 2, 4,
 * 8 and so on. A cycle is found once it is shorter than the distance to the next replacement. So the search stores one hash for any
 * number of pages, and the check continues after a restart of the worker.
 */

/**
 * Enough for a million resources of one type and patient at the usual page size, and a tenth of athenahealth's daily requests. A
 * server that invents a new URL for every page of a loop is stopped by this limit and the next one.
 */
export const maxSearchPages = 10_000;
/** Servers that filter after paging send some empty pages, but not this many in a row. */
const maxIdlePages = 10;

/** The state that a search stores between two pages. */
export interface PagingState {
  /** The number of read pages. */
  readonly pages: number;
  /** The number of the last pages that had nothing new. */
  readonly idlePages?: number;
  /** The hash of the next page's URL, stored at the last page whose number is a power of two. */
  readonly loopMark?: string;
}

/**
 * Checks the link of a page.
 * @param page.pages the number of read pages, including this one
 * @param page.loopMark the result of the check of the previous page
 * @returns the mark to store, or AppError `search-loops`
 */
export function checkPaging(
  page: PagingState & { readonly url: string; readonly nextUrl: string },
): Pick<PagingState, 'loopMark'> | { readonly error: AppError } {
  const { pages, idlePages = 0, loopMark, url, nextUrl } = page;
  if (idlePages >= maxIdlePages)
    return {
      error: searchLoops('The last 10 pages of the search had nothing new, so its paging probably never ends.'),
    };
  if (pages >= maxSearchPages)
    return { error: searchLoops('The search has more than 10,000 pages, so its paging probably never ends.') };
  const nextHash = hash('sha256', nextUrl, 'base64url');
  if (nextUrl === url || nextHash === loopMark)
    return { error: searchLoops('The pages of the search lead back to a page that was read before.') };
  if (isPowerOfTwo(pages)) return { loopMark: nextHash };
  return loopMark === undefined ? {} : { loopMark };
}

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}

function searchLoops(fault: string): AppError {
  return ehrError('search-loops', {
    message: `${fault} Run the search again. If it fails again, report its paging to the EHR's support.`,
  });
}
