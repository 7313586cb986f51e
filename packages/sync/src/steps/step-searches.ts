import { checkPaging, type SearchPage } from '@bulkhead/ehr-client';
import { type ExportError, toExportError } from '@bulkhead/runtime';
import { zerosOf } from '@bulkhead/store';
import { fromFirstPage } from '../sync-search.ts';
import { resultCounts, type SyncSearch } from '../sync-step.record.ts';

/** A search that sends requests, with the searches whose resources are included in its pages. */
export interface Search {
  readonly lead: SyncSearch;
  readonly carried: readonly SyncSearch[];
}

/** The results of one type on a page. */
export type PageCounts = Required<Pick<SyncSearch, keyof typeof resultCounts>>;

/** Groups the searches of a step. The search for patients leads the carried searches. The other searches lead none. */
export function toSearches(searches: readonly SyncSearch[]): Search[] {
  const carried = searches.filter(({ isCarried }) => isCarried);
  return searches
    .filter(({ isCarried }) => !isCarried)
    .map((lead) => ({ lead, carried: lead.resourceType === 'Patient' ? carried : [] }));
}

/** Adds a page to a search. @param options.url the URL of the page */
export function withPage(
  { lead, carried }: Search,
  options: { readonly url: string; readonly page: SearchPage; readonly counts: ReadonlyMap<string, PageCounts> },
): Search {
  const { url, page, counts } = options;
  const { nextUrl, servedAt } = page;
  const add = ({ nextUrl: _, loopMark: __, error: ___, ...search }: SyncSearch): SyncSearch => {
    const more = counts.get(search.resourceType) ?? noCounts;
    return {
      ...search,
      servedAt: search.servedAt ?? servedAt,
      ...withCounts(search, more),
    };
  };
  const total = page.total ?? lead.total;
  const read = {
    ...add(lead),
    requests: lead.requests + 1,
    pages: lead.pages + 1,
    matched: (lead.matched ?? 0) + page.entries.filter(({ isMatch }) => isMatch).length,
    ...(total === undefined ? {} : { total }),
  };
  const all = { lead: read, carried: carried.map(add) };
  if (nextUrl === undefined) {
    const isComplete = total === undefined || total <= read.matched;
    return withState(all, { state: isComplete ? 'completed' : 'incomplete' });
  }
  const paging = checkPaging({ ...lead, pages: read.pages, url, nextUrl });
  if ('error' in paging) return failedSearch(all, toExportError(paging.error));
  return { ...all, lead: { ...read, ...paging, nextUrl } };
}

/** Restarts a search at its first page. */
export function restarted({ lead, carried }: Search): Search {
  return {
    lead: { ...fromFirstPage(lead), requests: lead.requests + 1, hasRestarted: true },
    carried: carried.map(fromFirstPage),
  };
}

/** Counts a request that returned no page. */
export function withRequest({ lead, carried }: Search): Search {
  return { lead: { ...lead, requests: lead.requests + 1 }, carried };
}

export function failedSearch(search: Search, error: ExportError): Search {
  return withState(search, { state: 'failed', error });
}

/** Carried searches get the same state as the search that leads them. */
function withState({ lead, carried }: Search, change: Pick<SyncSearch, 'state' | 'error'>): Search {
  return { lead: { ...lead, ...change }, carried: carried.map((search) => ({ ...search, ...change })) };
}

export const noCounts: PageCounts = { ...zerosOf(resultCounts), withheld: 0 };

export function addCounts(left: PageCounts, right: PageCounts): PageCounts {
  const names = Object.keys(noCounts) as (keyof PageCounts)[];
  return Object.fromEntries(names.map((name) => [name, left[name] + right[name]])) as PageCounts;
}

function withCounts(search: SyncSearch, more: PageCounts) {
  const { withheld, ...sums } = addCounts({ ...noCounts, ...search }, more);
  return { ...sums, ...(withheld > 0 ? { withheld } : {}) };
}
