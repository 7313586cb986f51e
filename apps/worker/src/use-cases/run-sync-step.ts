import { randomUUID } from 'node:crypto';
import { AppError, type Connection, type SyncRun, type SyncSearch, type SyncStep } from '@bulkhead/domain';
import { readSearchPage, type SearchPage } from '@bulkhead/ehr-client';
import type { StepClaim } from '@bulkhead/store';
import { connectionGone } from './connection-gone.ts';
import type { UseCaseDeps } from './deps.ts';
import { toExportError } from './fail-export.ts';
import { firstPageUrl } from './first-page-url.ts';
import { storeSearchPage } from './store-search-page.ts';

export interface StepRun {
  readonly stepId: string;
  readonly isLastAttempt: boolean;
  readonly signal: AbortSignal;
}

interface Work {
  readonly step: SyncStep;
  readonly run: SyncRun;
  readonly connection: Connection;
  readonly claim: StepClaim;
  readonly signal: AbortSignal;
}

/** A patient's searches, one after the other and page by page, from where the last attempt got. A settled step: does nothing. */
export async function runSyncStep(deps: UseCaseDeps, { stepId, isLastAttempt, signal }: StepRun): Promise<void> {
  const { store } = deps;
  const claim = { id: stepId, claim: randomUUID() };
  const step = await store.syncSteps.claim(claim);
  if (!step) return;
  const run = await store.syncRuns.find(step.runId);
  const connection = await store.connections.find(step.connectionId);
  if (!run || !connection) throw connectionGone();
  if (run.phase !== 'running') return store.syncSteps.cancelUnsettled(run.id);
  let failed = 0;
  for (const [index, search] of step.searches.entries()) {
    if (search.state === 'completed') continue;
    const work = { step, run, connection, claim, signal };
    const ended = await runSearch(deps, { work, index, search, isLastAttempt });
    // Cancelled, or another attempt has taken over.
    if (!ended) return;
    if (ended.state === 'failed') failed += 1;
  }
  await store.syncSteps.settle(claim, failed > 0 ? 'failed' : 'completed');
}

/** A search that can never succeed fails alone; the patient's others go on. */
async function runSearch(
  deps: UseCaseDeps,
  options: {
    readonly work: Work;
    readonly index: number;
    readonly search: SyncSearch;
    readonly isLastAttempt: boolean;
  },
): Promise<SyncSearch | undefined> {
  const { work, index, isLastAttempt } = options;
  const { claim, signal } = work;
  let search = options.search;
  const save = async (next: SyncSearch) => {
    search = next;
    return deps.store.syncSteps.saveSearch(claim, { index, search });
  };
  try {
    while (search.state !== 'completed') {
      if (!(await save(await readPage(deps, { work, search })))) return undefined;
    }
    await advanceMark(deps, { work, search });
    return search;
  } catch (error) {
    const isFinal = isLastAttempt || (error instanceof AppError && error.retry === 'never');
    if (!isFinal || signal.aborted) throw error;
    return (await save({ ...search, state: 'failed', error: toExportError(error) })) ? search : undefined;
  }
}

async function readPage(
  deps: UseCaseDeps,
  { work, search }: { readonly work: Work; readonly search: SyncSearch },
): Promise<SyncSearch> {
  const { step, run, connection, signal } = work;
  const session = deps.ehr.session(connection);
  const url = search.nextUrl ?? (await firstPageUrl(deps, { ...work, session, resourceType: search.resourceType }));
  const page: SearchPage = await readSearchPage({ session, url, signal });
  const { resourceType } = search;
  const counts = await storeSearchPage(deps, { page, resourceType, run, step });
  const { nextUrl: _, error: __, ...before } = search;
  return {
    ...before,
    servedAt: search.servedAt ?? page.servedAt,
    requests: search.requests + 1,
    pages: search.pages + 1,
    fetched: search.fetched + page.resources.length,
    stored: search.stored + counts.stored,
    unchanged: search.unchanged + counts.unchanged,
    stale: search.stale + counts.stale,
    rejected: search.rejected + counts.rejected,
    ...(page.nextUrl === undefined ? { state: 'completed' } : { nextUrl: page.nextUrl }),
  };
}

/** Only where the search left no gap behind the last one. */
async function advanceMark(
  { store }: UseCaseDeps,
  { work, search }: { readonly work: Work; readonly search: SyncSearch },
): Promise<void> {
  const { step, run } = work;
  const { connectionId, patientIds } = step;
  const { resourceType, servedAt: at } = search;
  const { since } = run.request;
  if (!at) return;
  for (const patientId of patientIds) {
    if (since !== undefined) {
      const mark = (await store.crawlMarks.find({ connectionId, patientId }))[resourceType];
      if (!mark || mark.getTime() < Date.parse(since)) continue;
    }
    await store.crawlMarks.advance({ connectionId, patientId, resourceType, at });
  }
}
