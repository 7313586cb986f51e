import { type ExportError, present, toExportError } from '@bulkhead/base';
import { checkPaging, type SearchPage } from '@bulkhead/ehr';
import { zerosOf } from '@bulkhead/store';
import { fromFirstPage } from '../sync-search.ts';
import { resultCounts, type SyncSearch } from '../sync-step.record.ts';
import { SeenMatches } from './seen-matches.ts';

/** A search that sends requests, with the searches whose resources are included in its pages. */
export interface Search {
  readonly lead: SyncSearch;
  readonly carried: readonly SyncSearch[];
}

/** The results of one type on a page. */
export type PageCounts = Required<Pick<SyncSearch, keyof typeof resultCounts | 'withheldEntries'>>;

/** Groups the searches of a step. The search for patients leads the carried searches. The other searches lead none. */
export function toSearches(searches: readonly SyncSearch[]): Search[] {
  const carried = searches.filter(({ isCarried }) => isCarried);
  return searches
    .filter(({ isCarried }) => !isCarried)
    .map((lead) => ({ lead, carried: lead.resourceType === 'Patient' ? carried : [] }));
}

/**
 * Adds a page to a search. If the data moved while its pages were read, the search restarts, once. If it moves again, the search is
 * incomplete.
 * @param options.url the URL of the page
 */
export function withPage(
  { lead, carried }: Search,
  options: { readonly url: string; readonly page: SearchPage; readonly counts: ReadonlyMap<string, PageCounts> },
): Search {
  const { url, page, counts } = options;
  const { nextUrl, servedAt } = page;
  const add = (search: SyncSearch): SyncSearch => {
    const { nextUrl: _, loopMark: __, seen: ___, idlePages: ____, error: _____, ...kept } = search;
    const more = counts.get(search.resourceType) ?? noCounts;
    return { ...kept, servedAt: search.servedAt ?? servedAt, ...withCounts(search, more) };
  };
  const { seen, idlePages, ...matches } = countMatches(lead, page);
  const read = { ...add(lead), requests: lead.requests + 1, pages: lead.pages + 1, ...matches };
  const { matched, total } = read;
  const all = { lead: read, carried: carried.map(add) };
  const isShort = nextUrl === undefined && total !== undefined && matched < total;
  if (read.pages > 1 && (read.hasMoved || isShort) && !lead.hasRestarted) return restarted({ lead: read, carried });
  if (nextUrl === undefined) return withState(all, { state: isShort || read.hasMoved ? 'incomplete' : 'completed' });
  const paging = checkPaging({ ...lead, pages: read.pages, idlePages, url, nextUrl });
  if ('error' in paging) return failedSearch(all, toExportError(paging.error));
  return { ...all, lead: { ...read, ...paging, idlePages, seen, nextUrl } };
}

/** What is known of the matches on the pages so far. */
export type SearchMatches = Pick<SyncSearch, 'matched' | 'total' | 'hasMoved' | 'seen' | 'idlePages'>;

/** Counts the different matches up to a page, and notices that the data has moved. */
export function countMatches(lead: SearchMatches, { entries, total, nextUrl }: SearchPage) {
  const seen = new SeenMatches(lead.seen);
  const { newMatches, isRepeated } = seen.add(entries);
  const matched = (lead.matched ?? 0) + newMatches;
  // Some servers put the number of entries on the page here. A search with a next page has more matches than that.
  const stated = nextUrl !== undefined && total !== undefined && total <= matched ? undefined : total;
  const hasOtherTotal = stated !== undefined && lead.total !== undefined && stated !== lead.total;
  const hasMoved = isRepeated || hasOtherTotal || lead.hasMoved === true;
  return {
    matched,
    ...present({ total: lead.total ?? stated }),
    ...(hasMoved ? { hasMoved: true as const } : {}),
    seen: seen.toText(),
    idlePages: newMatches > 0 ? 0 : (lead.idlePages ?? 0) + 1,
  };
}

/** Restarts a search at its first page, once. */
export function restarted({ lead, carried }: Search): Search {
  return {
    lead: { ...fromFirstPage(lead), hasRestarted: true },
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
