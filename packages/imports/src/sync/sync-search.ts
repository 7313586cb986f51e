import type { Provider } from '@bulkhead/ehr/providers';
import { zerosOf } from '@bulkhead/store';
import type { SyncRun } from './sync-run.record.ts';
import { resultCounts, type SyncSearch, type SyncTypeCount } from './sync-step.record.ts';

export function newSyncSearch(resourceType: string): SyncSearch {
  return {
    resourceType,
    state: 'pending',
    requests: 0,
    ...noResults,
  };
}

const noResults = { pages: 0, matched: 0, ...zerosOf(resultCounts) };

/** Resets a search to its first page. Its requests stay counted, and its results are received again. */
export function fromFirstPage(search: SyncSearch): SyncSearch {
  const {
    nextUrl: _nextUrl,
    servedAt: _servedAt,
    loopMark: _loopMark,
    lastId: _lastId,
    seen: _seen,
    idlePages: _idlePages,
    hasMoved: _hasMoved,
    total: _total,
    error: _error,
    laterIncomplete: _incomplete,
    withheld: _withheld,
    withheldEntries: _entries,
    ...kept
  } = search;
  return { ...kept, ...noResults, state: 'pending' };
}

/**
 * Prepares a failed or incomplete search for a manual retry. It continues at its page. It restarts at its first page if its pages form a
 * loop, if it stopped within a page, or if it is incomplete and has no page left.
 */
export function retriedSearch(search: SyncSearch): SyncSearch {
  if (search.state !== 'failed' && search.state !== 'incomplete') return search;
  const { hasRestarted: _, ...kept } = search;
  const hasNoPage = search.error?.code === 'search-loops' || search.error?.code === 'too-many-bad-entries';
  if (search.state === 'incomplete' || hasNoPage) return fromFirstPage(kept);
  const { error: __, ...again } = kept;
  return { ...again, state: 'pending' };
}

/**
 * The minimum number of requests that the server's rules allow for this crawl: one for each search (of a patient and a type, or of a list
 * of patient ids), and one for each further page.
 */
export function minimumRequests(counts: readonly Pick<SyncTypeCount, 'searches' | 'pages'>[]): number {
  return counts.reduce((sum, { searches, pages }) => sum + Math.max(searches, pages), 0);
}

/** Whether a search reads appointments by their ids. */
export function isById(options: {
  readonly run: Pick<SyncRun, 'request'>;
  readonly provider: Pick<Provider, 'search'>;
  readonly resourceType: string;
}): boolean {
  const { run, provider, resourceType } = options;
  const isOnlyById = provider.search?.notByPatient.Appointment !== undefined;
  return resourceType === 'Appointment' && isOnlyById && run.request.includeAppointments === true;
}
