import { type ExportError, toExportError } from '@bulkhead/base';
import { checkPaging, type SearchPage } from '@bulkhead/ehr';
import { zerosOf } from '@bulkhead/store';
import { countMatches } from '../seen-matches.ts';
import { fromFirstPage } from '../sync-search.ts';
import { resultCounts, type SyncSearch } from '../sync-step.record.ts';

/** The results of one type on a page. */
export type PageCounts = Required<Pick<SyncSearch, keyof typeof resultCounts | 'withheldEntries'>>;

/**
 * Adds a page to a search. If the data moved while its pages were read, the search restarts, once. If it moves again, the search is
 * incomplete.
 * @param options.url the URL of the page
 */
export function withPage(
  search: SyncSearch,
  options: { readonly url: string; readonly page: SearchPage; readonly counts: PageCounts },
): SyncSearch {
  const { url, page, counts } = options;
  const { nextUrl, servedAt } = page;
  const { nextUrl: _, loopMark: __, seen: ___, idlePages: ____, error: _____, ...kept } = search;
  const { seen, idlePages, ...matches } = countMatches(search, page);
  const read = {
    ...kept,
    servedAt: search.servedAt ?? servedAt,
    ...withCounts(search, counts),
    requests: search.requests + 1,
    pages: search.pages + 1,
    ...matches,
  };
  const { matched, total } = read;
  const isShort = nextUrl === undefined && total !== undefined && matched < total;
  if (read.pages > 1 && (read.hasMoved || isShort) && !search.hasRestarted) return restarted(read);
  if (nextUrl === undefined) return { ...read, state: isShort || read.hasMoved ? 'incomplete' : 'completed' };
  const paging = checkPaging({ ...search, pages: read.pages, idlePages, url, nextUrl });
  if ('error' in paging) return failedSearch(read, toExportError(paging.error));
  return { ...read, ...paging, idlePages, seen, nextUrl };
}

/** Restarts a search at its first page, once. */
export function restarted(search: SyncSearch): SyncSearch {
  return { ...fromFirstPage(search), hasRestarted: true };
}

/** Counts a request that returned no page. */
export function withRequest(search: SyncSearch): SyncSearch {
  return { ...search, requests: search.requests + 1 };
}

export function failedSearch(search: SyncSearch, error: ExportError): SyncSearch {
  return { ...search, state: 'failed', error };
}

export const noCounts: PageCounts = { ...zerosOf(resultCounts), laterIncomplete: 0, withheld: 0, withheldEntries: 0 };

export function addCounts(left: PageCounts, right: PageCounts): PageCounts {
  const names = Object.keys(noCounts) as (keyof PageCounts)[];
  return Object.fromEntries(names.map((name) => [name, left[name] + right[name]])) as PageCounts;
}

function withCounts(search: SyncSearch, more: PageCounts) {
  const { laterIncomplete, withheld, withheldEntries, ...sums } = addCounts({ ...noCounts, ...search }, more);
  return {
    ...sums,
    ...(laterIncomplete > 0 ? { laterIncomplete } : {}),
    ...(withheld > 0 ? { withheld } : {}),
    ...(withheldEntries > 0 ? { withheldEntries } : {}),
  };
}
