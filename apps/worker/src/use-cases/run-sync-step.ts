import { randomUUID } from 'node:crypto';
import { AppError, type SyncRun, type SyncStep } from '@bulkhead/domain';
import { EhrHttpError, type EhrSession, readSearchPage } from '@bulkhead/ehr-client';
import { type StepClaim, searchFileId } from '@bulkhead/store';
import { connectionGone } from './connection-gone.ts';
import type { UseCaseDeps } from './deps.ts';
import { toExportError } from './fail-export.ts';
import { firstPageUrl } from './first-page-url.ts';
import { isFinalFailure } from './is-final-failure.ts';
import { failedSearch, restarted, type Search, toSearches, withPage } from './step-searches.ts';
import { storeSearchPage } from './store-search-page.ts';

export interface StepRun {
  readonly stepId: string;
  readonly isLastAttempt: boolean;
  readonly signal: AbortSignal;
}

interface Work {
  readonly step: SyncStep;
  readonly run: SyncRun;
  readonly session: EhrSession;
  readonly claim: StepClaim;
  readonly signal: AbortSignal;
}

/** A step's searches, one after the other and page by page, from where the last attempt got. A settled step: does nothing. */
export async function runSyncStep(deps: UseCaseDeps, { stepId, isLastAttempt, signal }: StepRun): Promise<void> {
  const { store, ehr } = deps;
  const claim = { id: stepId, claim: randomUUID() };
  const step = await store.syncSteps.claim(claim);
  if (!step) return;
  const run = await store.syncRuns.find(step.runId);
  const connection = await store.connections.find(step.connectionId);
  if (!run || !connection) throw connectionGone();
  if (run.phase !== 'running') return store.syncSteps.cancelUnsettled(run.id);
  const work = { step, run, session: ehr.session(connection), claim, signal };
  let hasGaps = false;
  for (const search of toSearches(step.searches)) {
    const ended = search.lead.state === 'pending' ? await runSearch(deps, { work, search, isLastAttempt }) : search;
    // Cancelled, or another attempt has taken over.
    if (!ended) return;
    if (ended.lead.state !== 'completed') hasGaps = true;
  }
  await store.syncSteps.settle(claim, hasGaps ? 'failed' : 'completed');
}

/** A search that can never succeed fails alone; the patient's others go on. */
async function runSearch(
  deps: UseCaseDeps,
  options: { readonly work: Work; readonly search: Search; readonly isLastAttempt: boolean },
): Promise<Search | undefined> {
  const { work, isLastAttempt } = options;
  let { search } = options;
  const save = async (next: Search) => {
    search = next;
    return saveSearch(deps, { work, search });
  };
  try {
    while (search.lead.state === 'pending') {
      if (!(await save(await readPage(deps, { work, search })))) return undefined;
    }
    if (search.lead.state === 'completed') await advanceMarks(deps, { work, search });
    return search;
  } catch (error) {
    if (!isFinalFailure({ error, isLastAttempt, signal: work.signal })) throw error;
    return (await save(failedSearch(search, toExportError(error)))) ? search : undefined;
  }
}

async function saveSearch({ store }: UseCaseDeps, { work, search }: { work: Work; search: Search }): Promise<boolean> {
  const indexes = new Map(work.step.searches.map(({ resourceType }, index) => [resourceType, index]));
  const changed = [search.lead, ...search.carried];
  return store.syncSteps.saveSearches(
    work.claim,
    changed.map((one) => ({ index: indexes.get(one.resourceType) ?? 0, search: one })),
  );
}

async function readPage(deps: UseCaseDeps, { work, search }: { work: Work; search: Search }): Promise<Search> {
  const { step, run, session, signal } = work;
  const url = search.lead.nextUrl ?? (await firstPageUrl(deps, { step, run, session, search }));
  if (isReadAgain(search)) await forgetQuarantined(deps, { step, search });
  try {
    const page = await readSearchPage({ session, url, signal });
    return withPage(search, { url, page, counts: await storeSearchPage(deps, { page, search, run, step }) });
  } catch (error) {
    if (!isForgottenPage({ error, search })) throw error;
    deps.logger.warn('the EHR has forgotten a page, its search starts anew', { syncRunId: run.id, stepId: step.id });
    return restarted(search);
  }
}

function isReadAgain({ lead }: Search): boolean {
  return lead.nextUrl === undefined && lead.requests > 0;
}

/** Every entry is received again, perhaps on another page. */
async function forgetQuarantined(
  { store }: UseCaseDeps,
  { step, search }: { readonly step: SyncStep; readonly search: Search },
): Promise<void> {
  for (const { resourceType } of [search.lead, ...search.carried]) {
    await store.quarantine.deleteByFile(searchFileId({ stepId: step.id, resourceType }));
  }
}

/** Paging links live for minutes at some servers, and a step may have waited longer for its turn. */
function isForgottenPage({ error, search }: { readonly error: unknown; readonly search: Search }): boolean {
  const { nextUrl, hasRestarted } = search.lead;
  if (nextUrl === undefined || hasRestarted) return false;
  if (error instanceof EhrHttpError) return [400, 404, 410].includes(error.status);
  return error instanceof AppError && error.code === 'search-refused';
}

/** Only where the search left no gap behind the last one. */
async function advanceMarks({ store }: UseCaseDeps, { work, search }: { work: Work; search: Search }): Promise<void> {
  const { connectionId, patientIds } = work.step;
  const { request, types } = work.run;
  const { since } = request;
  for (const { resourceType, servedAt: at, isCarried } of [search.lead, ...search.carried]) {
    // Patients that only lead to what was asked for are not stored.
    if (!at || !types.includes(resourceType)) continue;
    const isNarrowed = since !== undefined && resourceType !== 'Patient' && !isCarried;
    for (const patientId of patientIds) {
      if (isNarrowed) {
        const mark = (await store.crawlMarks.find({ connectionId, patientId }))[resourceType];
        if (!mark || mark.getTime() < Date.parse(since)) continue;
      }
      await store.crawlMarks.advance({ connectionId, patientId, resourceType, at });
    }
  }
}
