import { zerosOf } from '@bulkhead/store';
import { resultCounts, type SyncSearch, type SyncTypeCount } from './sync-step.record.ts';

/** @param isCarried see `SyncSearch`. */
export function newSyncSearch({
  resourceType,
  isCarried = false,
}: {
  readonly resourceType: string;
  readonly isCarried?: boolean;
}): SyncSearch {
  return {
    resourceType,
    ...(isCarried ? { isCarried } : {}),
    state: 'pending',
    requests: 0,
    ...noResults,
  };
}

const noResults = { pages: 0, matched: 0, ...zerosOf(resultCounts) };

/** A search from its first page again. Its requests stay counted; its results are received again. */
export function fromFirstPage(search: SyncSearch): SyncSearch {
  const {
    nextUrl: _nextUrl,
    servedAt: _servedAt,
    loopMark: _loopMark,
    total: _total,
    error: _error,
    withheld: _withheld,
    withheldEntries: _entries,
    ...kept
  } = search;
  return { ...kept, ...noResults, state: 'pending' };
}

/**
 * A failed or incomplete search as a manual retry runs it. It continues at its page, except where that page is the problem:
 * a loop never ends, and an incomplete search has no page left.
 */
export function retriedSearch(search: SyncSearch): SyncSearch {
  if (search.state !== 'failed' && search.state !== 'incomplete') return search;
  const { hasRestarted: _, ...kept } = search;
  if (search.state === 'incomplete' || search.error?.code === 'search-loops') return fromFirstPage(kept);
  const { error: __, ...again } = kept;
  return { ...again, state: 'pending' };
}

/**
 * The fewest requests that the server's rules allow for what was crawled: one for each search (a patient and a type, or a
 * list of patients' ids, with what comes with it), and one more for every further page.
 */
export function minimumRequests(counts: readonly Pick<SyncTypeCount, 'searches' | 'pages'>[]): number {
  return counts.reduce((sum, { searches, pages }) => sum + Math.max(searches, pages), 0);
}
