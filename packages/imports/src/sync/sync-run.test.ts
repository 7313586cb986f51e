import { expect, test } from '@jest/globals';
import { isSyncActive, syncRunPhases, syncRunStatus } from './sync-run-phase.ts';
import { fromFirstPage, minimumRequests, newSyncSearch, retriedSearch } from './sync-search.ts';
import type { SyncSearch } from './sync-step.record.ts';

test('clients see IN_PROGRESS until a sync run ends', () => {
  expect(Object.fromEntries(syncRunPhases.map((phase) => [phase, syncRunStatus(phase)]))).toEqual({
    queued: 'IN_PROGRESS',
    running: 'IN_PROGRESS',
    completed: 'COMPLETED',
    partial: 'PARTIAL',
    failed: 'FAILED',
    cancelled: 'CANCELLED',
  });
  expect(syncRunPhases.filter((phase) => isSyncActive({ phase }))).toEqual(['queued', 'running']);
});

const noResults = { pages: 0, matched: 0, fetched: 0, stored: 0, unchanged: 0, stale: 0, rejected: 0 };
const error = { code: 'ehr-unavailable' as const, message: '' };

/** A search that has read some of its pages. */
const search = (change: Partial<SyncSearch> = {}): SyncSearch => ({
  ...newSyncSearch('Goal'),
  requests: 4,
  pages: 3,
  fetched: 60,
  stored: 60,
  nextUrl: 'https://ehr.example/page-4',
  servedAt: new Date('2024-01-01T00:00:00Z'),
  total: 90,
  ...change,
});
const beginning = { resourceType: 'Goal', state: 'pending', requests: 4, ...noResults };

test('a new search has no results', () => {
  expect(newSyncSearch('Goal')).toEqual({ ...beginning, requests: 0 });
});

test('a search that restarts at its first page keeps only its count of requests', () => {
  expect(fromFirstPage(search({ state: 'failed', error }))).toEqual(beginning);
});

test('a manual retry continues a failed search at its page, without its error', () => {
  expect(retriedSearch(search({ state: 'failed', error, hasRestarted: true }))).toEqual(search());
  expect(retriedSearch(search({ state: 'failed' }))).toEqual(search());
});

test.each([
  { name: 'whose pages form a loop', failed: search({ state: 'failed', error: { ...error, code: 'search-loops' } }) },
  { name: 'that is incomplete', failed: search({ state: 'incomplete', hasRestarted: true }) },
])('a manual retry restarts a search $name at its first page', ({ failed }) => {
  expect(retriedSearch(failed)).toEqual(beginning);
});

test.each(['pending', 'completed'] as const)('a manual retry does not change a search that is %s', (state) => {
  const untouched = search({ state, hasRestarted: true });
  expect(retriedSearch(untouched)).toBe(untouched);
});

test('the minimum number of requests is one for each search and one for each further page', () => {
  const counts = [
    { searches: 3, pages: 0 },
    { searches: 2, pages: 5 },
  ];
  expect(minimumRequests(counts)).toBe(8);
  expect(minimumRequests([])).toBe(0);
});
