import type { ExportWarning } from '@bulkhead/bulk-export';
import type { ExportError, Retrying } from '@bulkhead/runtime';

export const syncRunPhases = ['queued', 'running', 'completed', 'partial', 'failed', 'cancelled'] as const;
export type SyncRunPhase = (typeof syncRunPhases)[number];

/** What API clients see. `PARTIAL`: what succeeded is stored, and the run says what failed. */
export type SyncRunStatus = 'IN_PROGRESS' | 'COMPLETED' | 'PARTIAL' | 'FAILED' | 'CANCELLED';

const activeSyncPhases: ReadonlySet<SyncRunPhase> = new Set(['queued', 'running']);
const statuses: Readonly<Record<SyncRunPhase, SyncRunStatus>> = {
  queued: 'IN_PROGRESS',
  running: 'IN_PROGRESS',
  completed: 'COMPLETED',
  partial: 'PARTIAL',
  failed: 'FAILED',
  cancelled: 'CANCELLED',
};

export function isSyncActive(phase: SyncRunPhase): boolean {
  return activeSyncPhases.has(phase);
}

export function syncRunStatus(phase: SyncRunPhase): SyncRunStatus {
  return statuses[phase];
}

export interface SyncRequest {
  readonly includeStandard: boolean;
  readonly includeEnhanced: boolean;
  /** Narrows the enhanced set; empty: all five. */
  readonly resourceTypes: readonly string[];
  /** FHIR instant; left out: from where each patient's last crawl got. */
  readonly since?: string;
  /** Ids; empty: every patient that is stored. */
  readonly patients: readonly string[];
}

/** A type that was asked for and is not crawled; never counted as zero. */
export interface SkippedType {
  readonly resourceType: string;
  readonly reason: string;
}

/** One enhanced sync: a crawl by patient and type over the REST API. */
export interface SyncRun {
  readonly id: string;
  readonly connectionId: string;
  readonly provider: string;
  readonly request: SyncRequest;
  readonly phase: SyncRunPhase;
  readonly version: number;
  /** The types that are crawled. */
  readonly types: readonly string[];
  readonly skipped: readonly SkippedType[];
  readonly patientCount?: number;
  /** Called when it has ended, beside the connection's own address. */
  readonly callbackUrl?: string;
  /** The schedule that started it. */
  readonly scheduleId?: string;
  readonly notify?: 'due' | 'done';
  readonly warnings: readonly ExportWarning[];
  readonly error?: ExportError;
  readonly createdAt: Date;
  readonly startedAt?: Date;
  readonly completedAt?: Date;
}

/** One search of a step, page after page. */
export interface SyncSearch {
  readonly resourceType: string;
  /** `incomplete`: every page was read, and they held fewer matches than the server's `total`. */
  readonly state: 'pending' | 'completed' | 'incomplete' | 'failed';
  /** Its resources come with the answer to the step's search of patients (`_revinclude`), without a request of its own. */
  readonly isCarried?: true;
  /** The page to go on with. */
  readonly nextUrl?: string;
  /** The server had forgotten the page to go on with, so the search has started anew: once. */
  readonly hasRestarted?: true;
  /** When the server answered the first page: what changed after it is the next crawl's. */
  readonly servedAt?: Date;
  /** The hash of `nextUrl` at the last page whose number is a power of two; see `paging-loop.ts`. */
  readonly loopMark?: string;
  /** The number of matches that the server promised, as its latest page with a `total` says. */
  readonly total?: number;
  /** Matches on the pages so far. Absent in searches that began before it was counted. */
  readonly matched?: number;
  readonly requests: number;
  readonly pages: number;
  /** Resources that came; `stored + stale + rejected + withheld`. */
  readonly fetched: number;
  /** Whose served version (or an equal one) is stored now. */
  readonly stored: number;
  /** Of `stored`: nothing was written. */
  readonly unchanged: number;
  /** Older than what is stored. */
  readonly stale: number;
  /** Without an id, or of another type. */
  readonly rejected: number;
  /** Of erased patients whom the connection keeps out. Absent is 0. */
  readonly withheld?: number;
  /** Of `withheld`: entries that were in quarantine first. Absent is 0. */
  readonly withheldEntries?: number;
  readonly error?: ExportError;
}

/** Why a step does not progress: shown with the run, until its next page is read. */
export interface StepRetry extends Retrying {
  readonly resourceType: string;
}

/** The searches of a patient, or of some together; or the reads of many patients' own resources by their ids. */
export interface SyncStep {
  readonly id: string;
  readonly runId: string;
  readonly connectionId: string;
  readonly patientIds: readonly string[];
  readonly searches: readonly SyncSearch[];
  readonly state: 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';
  /** Since the last page that was read, with the one under way. Waits that were asked for do not count. */
  readonly attempts: number;
  readonly retrying?: StepRetry;
}

/** A run's sums over its steps, for one type. */
export interface SyncTypeCount {
  readonly resourceType: string;
  /** Searches of its own; those that came with another's answer are `carried`. */
  readonly searches: number;
  readonly carried: number;
  readonly completed: number;
  readonly incomplete: number;
  readonly failed: number;
  readonly requests: number;
  readonly pages: number;
  readonly fetched: number;
  readonly stored: number;
  readonly unchanged: number;
  readonly stale: number;
  readonly rejected: number;
  /** Absent is 0. */
  readonly withheld?: number;
}

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

const noResults = { pages: 0, matched: 0, fetched: 0, stored: 0, unchanged: 0, stale: 0, rejected: 0 };

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
