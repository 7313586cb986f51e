/*
 * A step runs its searches one after the other, and each search page by page. After each page the results and the next page are
 * stored, so that a crash costs at most one page. An attempt that fails is retried at the same page, until `attemptEnd` fails the
 * search.
 *
 * - A search that fails does not stop the other searches of the step.
 * - If the server has forgotten the next page, the search restarts at its first page, once.
 * - The crawl marks advance only if a search is completed.
 */

import { randomUUID } from 'node:crypto';
import { AppError, type ErrorCode, type ExportError, present, toExportError } from '@bulkhead/base';
import { connectionGone } from '@bulkhead/connections/steps';
import { EhrHttpError, type EhrSession, readSearchPage } from '@bulkhead/ehr';
import { type FailedJob, type JobContext, type RetryAt, work } from '@bulkhead/queues';
import { searchFileId } from '@bulkhead/records/quarantine';
import type { Claim } from '@bulkhead/store';
import { isInterrupted } from '../../runs/index.ts';
import { syncError } from '../errors.ts';
import { finalizeSyncJob, type StepPayload, syncStepJob } from '../jobs.ts';
import type { SyncDeps } from '../sync-deps.ts';
import type { SyncRun } from '../sync-run.record.ts';
import { isById } from '../sync-search.ts';
import type { SyncSearch, SyncStep } from '../sync-step.record.ts';
import { nextAppointments } from './appointments-by-id.ts';
import { attemptEnd, wasSent } from './attempt-end.ts';
import { firstPageUrl } from './first-page-url.ts';
import { readTarget } from './read-target.ts';
import { failedSearch, restarted, withPage, withRequest } from './step-searches.ts';
import { storeSearchPage } from './store-search-page.ts';

type Deps = SyncDeps<
  'connections' | 'crawlMarks' | 'quarantine' | 'resourceWriter' | 'resources' | 'syncRuns' | 'syncSteps'
>;

export const syncStepWork = work(syncStepJob, { run: runSyncStepAndFinish, onFinalFailure: failSyncStep });

export interface StepRun {
  readonly stepId: string;
  readonly retryAt: RetryAt;
  /** Called after each page. */
  readonly progress: JobContext['progress'];
  readonly signal: AbortSignal;
}

/** One attempt at a step. */
interface Work {
  readonly step: SyncStep;
  readonly run: SyncRun;
  readonly claim: Claim;
  readonly session: EhrSession;
  readonly retryAt: RetryAt;
  readonly progress: JobContext['progress'];
  readonly signal: AbortSignal;
}

/** A large page is in memory until it is stored. As many bytes as for a line of a file, so that pages and lines take turns. */
const largePageBytes = 15 * 1024 * 1024;

/** A worker that crashes records no error. After this many attempts without a page, the page itself may be the cause. */
const maxAttempts = 50;

async function runSyncStepAndFinish(deps: Deps, job: StepPayload & JobContext): Promise<void> {
  await runSyncStep(deps, job);
  const { syncRunId, hasParent } = job;
  // If the flow was lost with Redis, the step has no parent that finishes the sync. The sync must not wait for the sweep.
  if (!hasParent && (await deps.store.syncSteps.countUnsettled(syncRunId)) === 0)
    await deps.producer.enqueueAgain(finalizeSyncJob, { syncRunId });
}

/** Runs the searches of a step, from the page that the last attempt has reached. Does nothing for a settled step. */
export async function runSyncStep(deps: Deps, { stepId, ...context }: StepRun): Promise<void> {
  const { store, ehr } = deps;
  const claim = { id: stepId, claim: randomUUID() };
  const step = await store.syncSteps.claim(claim);
  if (!step) return;
  const run = await store.syncRuns.find(step.runId);
  if (!run) throw connectionGone();
  if (run.phase === 'cancelled') return store.syncSteps.cancelUnsettled(run.id);
  // A retry has reset the step, and its run is about to be resumed. That enqueues the step.
  if (run.phase !== 'running') return;
  const { searches } = step;
  const connection = await store.connections.findWithSecrets(step.connectionId);
  if (!connection) {
    return failPending(deps, { step, claim, error: toExportError(connectionGone()) });
  }
  const work = { step, run, claim, session: ehr.session(connection), ...context };
  const stuck = step.attempts > maxAttempts ? searches.find(isPending) : undefined;
  let hasGaps = false;
  for (const search of searches) {
    const given = isPending(search) ? givenUp({ run, search, isStuck: search === stuck }) : undefined;
    const ended = given
      ? await failSearch(deps, { ...work, search, error: given })
      : await runSearch(deps, { work, search });
    // The run was cancelled, or another attempt has taken over.
    if (!ended) return;
    if (ended.state !== 'completed') hasGaps = true;
  }
  await store.syncSteps.settle(claim, hasGaps ? 'failed' : 'completed');
}

/** Runs one search. If it can never succeed, only this search fails. A search that has ended does not change. */
async function runSearch(deps: Deps, { work, search: start }: { readonly work: Work; readonly search: SyncSearch }) {
  const { step, signal } = work;
  let search = start;
  let before = step.retrying;
  try {
    while (search.state === 'pending') {
      search = await readPage(deps, { work, search });
      const saved = { searches: changesOf({ step, search }), pageReadAt: deps.now() };
      if (!(await deps.store.syncSteps.saveSearches(work.claim, saved))) return undefined;
      work.progress();
      await noteFailure(deps, { step, search });
      before = undefined;
      if (search.state === 'completed') await advanceMarks(deps, { work, search });
    }
    return search;
  } catch (error) {
    if (isInterrupted({ signal, error })) throw error;
    const tried = wasSent(error) ? withRequest(search) : search;
    const { resourceType } = search;
    const previous = before?.resourceType === resourceType ? before : undefined;
    const end = await attemptEnd(deps, { ...work, resourceType, before: previous, error });
    if ('failed' in end) {
      const failed = await failSearch(deps, { ...work, search: tried, error: end.failed });
      await noteIfTypeIsRefused(deps, { run: work.run, resourceType, error: end.failed });
      return failed;
    }
    const { retrying, event, error: knownError } = end;
    await deps.store.syncSteps.noteRetry(work.claim, { searches: changesOf({ step, search: tried }), retrying });
    const waiting = event && ({ kind: 'search-waiting', resourceType, ...event } as const);
    if (waiting) await deps.store.syncRuns.noteSearchEvent({ id: work.run.id, event: waiting });
    throw knownError;
  }
}

/** Why a search is not sent (again). Undefined if it is. */
function givenUp(options: { readonly run: SyncRun; readonly search: SyncSearch; readonly isStuck: boolean }) {
  const { run, search, isStuck } = options;
  const { resourceType } = search;
  if (isStuck) return tooManyAttempts;
  const refused = run.refusedTypes?.find((type) => type.resourceType === resourceType);
  if (!refused) return undefined;
  const message = `The EHR has refused the first ${maxRefusals} searches of ${resourceType}, so this one was not sent. ${refused.message}`;
  return { code: 'type-refused' as const, message, ...present({ ehrText: refused.ehrText }) };
}

/** Refusals that one more request would not change. */
const refusalCodes: ReadonlySet<ErrorCode> = new Set([
  'ehr-unauthorized',
  'ehr-forbidden',
  'ehr-not-found',
  'ehr-rejected',
  'search-refused',
]);
/** A refusal can be about one patient, such as a merged one. As many from the first ones are not. */
const maxRefusals = 5;

async function noteIfTypeIsRefused(
  { store }: SyncDeps<'syncRuns' | 'syncSteps'>,
  { run, resourceType, error }: { readonly run: SyncRun; readonly resourceType: string; readonly error: ExportError },
): Promise<void> {
  if (!refusalCodes.has(error.code)) return;
  const type = { runId: run.id, resourceType, code: error.code, limit: maxRefusals };
  if (await store.syncSteps.isTypeRefused(type))
    await store.syncRuns.noteRefusedType(run.id, { resourceType, ...error });
}

/** Fails the pending searches of a step whose job has failed finally. Does nothing for a settled step. */
async function failSyncStep(deps: SyncDeps<'syncRuns' | 'syncSteps'>, job: FailedJob<StepPayload>): Promise<void> {
  const { stepId, error } = job;
  const claim = { id: stepId, claim: randomUUID() };
  const step = await deps.store.syncSteps.claim(claim);
  if (step) await failPending(deps, { step, claim, error: toExportError(error) });
}

async function failPending(
  deps: SyncDeps<'syncRuns' | 'syncSteps'>,
  { step, claim, error }: Pick<Work, 'step' | 'claim'> & { readonly error: ExportError },
): Promise<void> {
  for (const search of step.searches.filter(isPending)) await failSearch(deps, { step, claim, search, error });
  await deps.store.syncSteps.settle(claim, 'failed');
}

function isPending({ state }: SyncSearch): boolean {
  return state === 'pending';
}

async function failSearch(
  deps: SyncDeps<'syncRuns' | 'syncSteps'>,
  options: Pick<Work, 'step' | 'claim'> & { readonly search: SyncSearch; readonly error: ExportError },
): Promise<SyncSearch | undefined> {
  const { step, claim, error } = options;
  const search = failedSearch(options.search, error);
  const isSaved = await deps.store.syncSteps.saveSearches(claim, { searches: changesOf({ step, search }) });
  if (!isSaved) return undefined;
  await noteFailure(deps, { step, search });
  return search;
}

async function noteFailure(
  { store }: SyncDeps<'syncRuns'>,
  { step, search }: { readonly step: SyncStep; readonly search: SyncSearch },
): Promise<void> {
  const { state, resourceType, error } = search;
  if (state !== 'failed' || !error) return;
  await store.syncRuns.noteSearchEvent({ id: step.runId, event: { kind: 'search-failed', resourceType, ...error } });
}

function changesOf({ step, search }: { readonly step: SyncStep; readonly search: SyncSearch }) {
  return [{ index: step.searches.findIndex(({ resourceType }) => resourceType === search.resourceType), search }];
}

async function readPage(deps: Deps, { work, search }: { work: Work; search: SyncSearch }): Promise<SyncSearch> {
  const { step, run, session, signal } = work;
  if (step.target) return readTargetOf(deps, { ...work, search, target: step.target });
  const byId = isById({ run, provider: session.provider, resourceType: search.resourceType });
  const nextIds = (after: string | undefined) => nextAppointments(deps, { step, session, after });
  const ids = byId && search.nextUrl === undefined ? await nextIds(undefined) : undefined;
  const url = search.nextUrl ?? (byId ? ids?.url : await firstPageUrl(deps, { step, run, session, search }));
  if (url === undefined) return { ...search, state: 'completed' };
  if (isReadAgain(search)) await deleteQuarantined(deps, { step, search });
  const reservation = deps.largeBytes.reserve(largePageBytes);
  try {
    const page = await readSearchPage({ session, url, signal, onLarge: reservation.take });
    const { counts, fault } = await storeSearchPage(deps, { page, search, run, step });
    if (fault) return failedSearch(withPage(search, { url, page, counts }), fault);
    if (!byId) return withPage(search, { url, page, counts });
    const lastId = ids?.lastId ?? search.lastId;
    const next = page.nextUrl === undefined ? await nextIds(lastId) : undefined;
    // Each request has a total of its own.
    const { total: _, ...rest } = page;
    const followed = { ...rest, ...present({ nextUrl: page.nextUrl ?? next?.url }) };
    const read = withPage(search, { url, page: followed, counts });
    return { ...read, ...present({ lastId: next?.lastId ?? lastId }) };
  } catch (error) {
    if (!isForgottenPage({ error, search })) throw error;
    deps.logger.warn('search restarted, because the EHR has forgotten its next page', {
      syncRunId: run.id,
      stepId: step.id,
    });
    return restarted(withRequest(search));
  } finally {
    reservation.release();
  }
}

async function readTargetOf(deps: Deps, read: Omit<Parameters<typeof readTarget>[1], 'onLarge'>): Promise<SyncSearch> {
  const reservation = deps.largeBytes.reserve(largePageBytes);
  try {
    return await readTarget(deps, { ...read, onLarge: reservation.take });
  } finally {
    reservation.release();
  }
}

function isReadAgain({ nextUrl, requests }: SyncSearch): boolean {
  return nextUrl === undefined && requests > 0;
}

/** Deletes the quarantined entries of a search that restarts, because all entries are received again, perhaps on other pages. */
async function deleteQuarantined(
  { store }: SyncDeps<'quarantine'>,
  { step, search }: { readonly step: SyncStep; readonly search: SyncSearch },
): Promise<void> {
  await store.quarantine.deleteByFile(searchFileId({ stepId: step.id, resourceType: search.resourceType }));
}

/** At some servers paging links expire within minutes, and the step may have waited longer in its queue. */
function isForgottenPage({ error, search }: { readonly error: unknown; readonly search: SyncSearch }): boolean {
  const { nextUrl, hasRestarted } = search;
  if (nextUrl === undefined || hasRestarted) return false;
  if (error instanceof EhrHttpError) return [400, 404, 410].includes(error.status);
  return error instanceof AppError && error.code === 'search-refused';
}

/** Advances the crawl marks, unless the search left a gap after the last crawl. A read of one resource is not a crawl of its patients. */
async function advanceMarks(
  { store }: SyncDeps<'crawlMarks'>,
  { work, search }: { work: Work; search: SyncSearch },
): Promise<void> {
  const { connectionId, patientIds, target } = work.step;
  const { since } = work.run.request;
  const { resourceType, servedAt: at } = search;
  if (!at || target) return;
  for (const patientId of patientIds) {
    if (since !== undefined && resourceType !== 'Patient') {
      const mark = (await store.crawlMarks.find({ connectionId, patientId }))[resourceType];
      if (!mark || mark.getTime() < Date.parse(since)) continue;
    }
    await store.crawlMarks.advance({ connectionId, patientId, resourceType, at });
  }
}

const tooManyAttempts = toExportError(syncError('search-attempts'));
