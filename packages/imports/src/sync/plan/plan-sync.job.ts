/*
 * An enhanced sync crawls patients over the REST API, by patient and type.
 *
 *   sync.plan      chooses the types and the patients, and stores the steps (plan-steps.ts)
 *   sync.step      runs the searches of one step, page by page (run-sync-step.ts)
 *   sync.plan-references  plans reads of what stored resources refer to, if that was requested (plan-references.job.ts)
 *   sync.finalize  adds up the results when all steps are settled (finalize-sync.ts)
 *
 *   run:     queued -> running -> completed, partial or failed. It can be cancelled until then. A retry resumes a partial or failed run
 *   step:    pending -> running -> completed, failed or cancelled
 *   search:  pending -> completed, incomplete or failed
 *
 * The crawl marks say up to which time a patient and a type are stored. The next crawl starts a day before them.
 */

import { type AppError, toExportError } from '@bulkhead/base';
import type { Connection } from '@bulkhead/connections';
import { withCapabilities } from '@bulkhead/connections/steps';
import { type Provider, recordTypes } from '@bulkhead/ehr/providers';
import { enhancedResourceTypes, isUncovered, standardResourceTypes } from '@bulkhead/fhir';
import { type RetryAt, work } from '@bulkhead/queues';
import { dayBefore, isInPhase } from '../../runs/index.ts';
import { syncError } from '../errors.ts';
import { failGivenUpSync, failSync, waitedTooLong } from '../fail-sync.ts';
import { finalizeSyncJob, nextRound, planSyncJob, syncStepJob } from '../jobs.ts';
import type { SyncDeps } from '../sync-deps.ts';
import type { SkippedType, SyncRun } from '../sync-run.record.ts';
import { isById } from '../sync-search.ts';
import { findPatients } from './find-patients.ts';
import { notGranted, planSteps } from './plan-steps.ts';

type Deps = SyncDeps<'connections' | 'prepareResourceTypes' | 'resources' | 'syncRuns' | 'syncSteps'>;

export const planSyncWork = work(planSyncJob, { run: planSyncInTime, onFinalFailure: failGivenUpSync });

interface PlanStep {
  readonly syncRunId: string;
  readonly signal: AbortSignal;
}

/** Fails a run that could not be planned within a day. */
async function planSyncInTime(
  deps: Deps,
  { syncRunId, signal, retryAt }: PlanStep & { readonly retryAt: RetryAt },
): Promise<void> {
  try {
    await planSync(deps, { syncRunId, signal });
  } catch (error) {
    if (retryAt(error) === undefined || !(await isOverdue(deps, syncRunId))) throw error;
    await failSync(deps, { syncRunId, error: waitedTooLong(toExportError(error)) });
  }
}

/** Planning takes seconds, unless the EHR makes it wait. */
async function isOverdue({ store, now }: SyncDeps<'syncRuns'>, syncRunId: string): Promise<boolean> {
  const run = await store.syncRuns.find(syncRunId);
  return run !== undefined && (run.retriedAt ?? run.createdAt) <= dayBefore(now());
}

/**
 * Plans the steps of a run and starts it. Another attempt may have stored other steps, because other patients were stored then. They
 * are removed only after this plan is accepted.
 */
export async function planSync(deps: Deps, { syncRunId, signal }: PlanStep): Promise<void> {
  const { store, producer, ehr, logger, now } = deps;
  const run = await store.syncRuns.find(syncRunId);
  if (!run || !isInPhase(run, 'queued')) return;
  const connection = await withCapabilities(deps, { connectionId: run.connectionId, signal });
  const session = ehr.session(connection);
  const { provider } = session;
  const grantedScope = await session.readGrantedScope(signal);
  const { types, skipped } = chooseTypes({ run, connection, grantedScope, provider });
  const { includeReferences = false } = run.request;
  if (types.length === 0 && !includeReferences) throw nothingToSearch(skipped);
  const patientIds = types.length === 0 ? [] : await choosePatients(deps, { run, connection, signal });
  await store.prepareResourceTypes(types);
  const steps = planSteps({ run, types, patientIds, provider });
  await store.syncSteps.insertMissing(steps);
  const change = { types, skipped, patientCount: patientIds.length, stepCount: steps.length, startedAt: now() };
  if (!(await store.syncRuns.transition({ from: run, to: 'running', change }))) {
    // The steps were stored after the cancellation had cancelled the steps of the run.
    if ((await store.syncRuns.find(syncRunId))?.phase === 'cancelled') await store.syncSteps.cancelUnsettled(syncRunId);
    return;
  }
  await store.syncSteps.removeOthers(syncRunId, new Set(steps.map(({ id }) => id)));
  logger.info('sync planned', { syncRunId, count: steps.length });
  const stepIds = await store.syncSteps.listUnsettledIds(syncRunId);
  const children = { job: syncStepJob, payloads: stepIds.map((stepId) => ({ syncRunId, stepId })) };
  const ahead = await countStepsAhead(store, run);
  if (includeReferences) await producer.addFlow({ parent: nextRound(run), children, ahead });
  else await producer.addFlow({ parent: { job: finalizeSyncJob, payload: { syncRunId } }, children, ahead });
}

/** Counts the steps that the connection's other syncs must still run. All syncs of a connection share its part of the workers. */
async function countStepsAhead(
  store: SyncDeps<'syncRuns' | 'syncSteps'>['store'],
  { id, connectionId }: SyncRun,
): Promise<number> {
  const others = (await store.syncRuns.listActive()).filter(
    (run) => run.connectionId === connectionId && run.id !== id && run.phase === 'running',
  );
  let count = 0;
  for (const run of others) count += await store.syncSteps.countUnsettled(run.id);
  return count;
}

function chooseTypes(options: {
  readonly run: SyncRun;
  readonly connection: Connection;
  readonly grantedScope: string | undefined;
  readonly provider: Provider;
}): { readonly types: string[]; readonly skipped: SkippedType[] } {
  const { run, connection, grantedScope, provider } = options;
  const { includeStandard, includeEnhanced, includeOthers, includeAppointments, resourceTypes } = run.request;
  const isRequested = (type: string) => resourceTypes.length === 0 || resourceTypes.includes(type);
  const declared = recordTypes({ resourceTypes: connection.capabilities?.patientSearchTypes ?? [] });
  const wanted: string[] = [
    ...(includeStandard ? standardResourceTypes : []),
    ...(includeEnhanced ? enhancedResourceTypes.filter(isRequested) : []),
    ...(includeOthers ? declared.filter((type) => !guideTypes.has(type)) : []),
  ];
  // They are found by the Encounters of the patient, which are read before.
  const withAppointments = wanted.filter((type) => type !== 'Appointment' || !includeAppointments);
  if (includeAppointments) withAppointments.push('Appointment');
  const skipped = withAppointments.flatMap((resourceType) => {
    return whySkipped({ run, resourceType, grantedScope, provider }) ?? [];
  });
  const skippedTypes = new Set(skipped.map(({ resourceType }) => resourceType));
  return { types: withAppointments.filter((type) => !skippedTypes.has(type)), skipped };
}

const guideTypes: ReadonlySet<string> = new Set([...standardResourceTypes, ...enhancedResourceTypes]);

/** A type that the EHR does not declare is searched too, because only its answer shows that it does not have it. */
function whySkipped(options: {
  readonly run: SyncRun;
  readonly resourceType: string;
  readonly grantedScope: string | undefined;
  readonly provider: Provider;
}): SkippedType | undefined {
  const { resourceType, grantedScope: scope, provider } = options;
  const reason = isById(options) ? undefined : provider.search?.notByPatient[resourceType];
  if (reason !== undefined) return { resourceType, reason, always: true };
  if (!isUncovered({ scope, resourceType })) return undefined;
  return notGranted(resourceType);
}

function nothingToSearch(skipped: readonly SkippedType[]): AppError {
  const reasons = skipped.map(({ resourceType, reason }) => `${resourceType}: ${reason}`).join('; ');
  return syncError('nothing-to-search', { message: `None of the requested types can be searched. ${reasons}.` });
}

/**
 * The named patients, or the connection's only patient, or all stored patients. If the provider says how to search for all patients, those
 * are added, so that an EHR without exports can be used.
 */
async function choosePatients(
  deps: SyncDeps<'resources'>,
  options: { readonly run: SyncRun; readonly connection: Connection; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const { store } = deps;
  const { run, connection } = options;
  const { connectionId, request } = run;
  if (request.patients.length > 0) return request.patients;
  if (connection.userId !== undefined) return [connection.userId];
  const storedIds = await store.resources.listIds({ connectionId, resourceType: 'Patient' });
  const ids = new Set([...storedIds, ...(await findPatients(deps, options))]);
  if (ids.size > 0) return [...ids];
  throw syncError('no-patients');
}
