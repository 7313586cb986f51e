import type { ExportError, SyncSearch } from '@bulkhead/domain';
import type { SearchPage } from '@bulkhead/ehr-client';

/** A search that has requests of its own, with those whose resources come with its answer. */
export interface Search {
  readonly lead: SyncSearch;
  readonly carried: readonly SyncSearch[];
}

/** What a page brought of one type. */
export interface PageCounts {
  readonly fetched: number;
  readonly stored: number;
  readonly unchanged: number;
  readonly stale: number;
  readonly rejected: number;
}

/** What a step asks for: the search of patients leads those that it carries, every other one stands alone. */
export function toSearches(searches: readonly SyncSearch[]): Search[] {
  const carried = searches.filter(({ isCarried }) => isCarried);
  return searches
    .filter(({ isCarried }) => !isCarried)
    .map((lead) => ({ lead, carried: lead.resourceType === 'Patient' ? carried : [] }));
}

/** A search after one more page. */
export function withPage(
  { lead, carried }: Search,
  { page, counts }: { readonly page: SearchPage; readonly counts: ReadonlyMap<string, PageCounts> },
): Search {
  const { nextUrl, servedAt } = page;
  const add = ({ nextUrl: _, error: __, ...search }: SyncSearch): SyncSearch => {
    const more = counts.get(search.resourceType) ?? nothing;
    return {
      ...search,
      servedAt: search.servedAt ?? servedAt,
      fetched: search.fetched + more.fetched,
      stored: search.stored + more.stored,
      unchanged: search.unchanged + more.unchanged,
      stale: search.stale + more.stale,
      rejected: search.rejected + more.rejected,
      ...(nextUrl === undefined ? { state: 'completed' } : {}),
    };
  };
  const next = nextUrl === undefined ? {} : { nextUrl };
  return {
    lead: { ...add(lead), requests: lead.requests + 1, pages: lead.pages + 1, ...next },
    carried: carried.map(add),
  };
}

/** A search from its first page again; what it cost so far stays counted, what it brought will come again. */
export function restarted({ lead, carried }: Search): Search {
  const anew = ({ nextUrl: _, servedAt: __, ...search }: SyncSearch): SyncSearch => ({
    ...search,
    ...nothing,
    pages: 0,
  });
  return {
    lead: { ...anew(lead), requests: lead.requests + 1, hasRestarted: true },
    carried: carried.map(anew),
  };
}

export function failedSearch({ lead, carried }: Search, error: ExportError): Search {
  const fail = (search: SyncSearch): SyncSearch => ({ ...search, state: 'failed', error });
  return { lead: fail(lead), carried: carried.map(fail) };
}

const nothing: PageCounts = { fetched: 0, stored: 0, unchanged: 0, stale: 0, rejected: 0 };
