import { withCapabilities } from '@bulkhead/connections/steps';
import { enhancedResourceTypes, standardResourceTypes } from '@bulkhead/fhir';
import type { Connection, Provider } from '@bulkhead/providers';
import type { RetryAt } from '@bulkhead/queues';
import { AppError, longestWaitMs, toExportError } from '@bulkhead/runtime';
import type { SkippedType, SyncRun } from '../sync-run.record.ts';
import { waitedTooLong } from './attempt-end.ts';
import type { SyncDeps } from './deps.ts';
import { failSync } from './finalize-sync.ts';
import { layOutSteps } from './lay-out-steps.ts';

interface PlanStep {
  readonly syncRunId: string;
  readonly signal: AbortSignal;
}

/** The job `sync.plan`: fails a run that could not be planned for a day. */
export async function planSyncInTime(
  deps: SyncDeps,
  { syncRunId, signal, retryAt }: PlanStep & { readonly retryAt: RetryAt },
): Promise<void> {
  try {
    await planSync(deps, { syncRunId, signal });
  } catch (error) {
    if (retryAt(error) === undefined || !(await isOverdue(deps, syncRunId))) throw error;
    await failSync(deps, { syncRunId, error: waitedTooLong(toExportError(error)) });
  }
}

/** A plan is made within seconds, except if the EHR makes it wait. */
async function isOverdue({ store, now }: SyncDeps, syncRunId: string): Promise<boolean> {
  const run = await store.syncRuns.find(syncRunId);
  return run !== undefined && now().getTime() - run.createdAt.getTime() >= longestWaitMs;
}

/** Lays out what a run has to ask for, and starts it. Planned already: only starts it. */
export async function planSync(deps: SyncDeps, { syncRunId, signal }: PlanStep): Promise<void> {
  const { store, producer, ehr, logger, now } = deps;
  const run = await store.syncRuns.find(syncRunId);
  if (run?.phase !== 'queued') return;
  const connection = await withCapabilities(deps, { connectionId: run.connectionId, signal });
  const { provider } = ehr.session(connection);
  const { types, skipped } = chooseTypes({ run, connection, provider });
  const patientIds = await choosePatients(deps, { run, connection });
  await store.prepareResourceTypes(types);
  const steps = layOutSteps({ run, types, patientIds, connection, provider });
  await store.syncSteps.insertMissing(steps);
  const change = { types, skipped, patientCount: patientIds.length, startedAt: now() };
  if (!(await store.syncRuns.transition({ from: run, to: 'running', change }))) {
    // The steps came after the cancellation had been through them.
    if ((await store.syncRuns.find(syncRunId))?.phase === 'cancelled') await store.syncSteps.cancelUnsettled(syncRunId);
    return;
  }
  logger.info('sync planned', { syncRunId, count: steps.length });
  await producer.addSyncFlow({ syncRunId, stepIds: await store.syncSteps.listUnsettledIds(syncRunId) });
}

function chooseTypes(options: {
  readonly run: SyncRun;
  readonly connection: Connection;
  readonly provider: Provider;
}): { readonly types: string[]; readonly skipped: SkippedType[] } {
  const { run, connection, provider } = options;
  const { includeStandard, includeEnhanced, resourceTypes } = run.request;
  const isAsked = (type: string) => resourceTypes.length === 0 || resourceTypes.includes(type);
  const wanted = [
    ...(includeStandard ? standardResourceTypes : []),
    ...(includeEnhanced ? enhancedResourceTypes.filter(isAsked) : []),
  ];
  const skipped = wanted.flatMap((resourceType) => {
    const reason = whySkipped({ resourceType, connection, provider });
    return reason === undefined ? [] : [{ resourceType, reason }];
  });
  const left = new Set(skipped.map(({ resourceType }) => resourceType));
  return { types: wanted.filter((type) => !left.has(type)), skipped };
}

function whySkipped(options: {
  readonly resourceType: string;
  readonly connection: Connection;
  readonly provider: Provider;
}): string | undefined {
  const { resourceType, connection, provider } = options;
  const offered = connection.capabilities?.resourceTypes ?? [];
  if (offered.length > 0 && !offered.includes(resourceType))
    return 'the CapabilityStatement of the EHR does not offer it';
  return provider.search?.notByPatient[resourceType];
}

/** Those that were named, or the one that the connection is about, or every patient that is stored: there is no search over a practice. */
async function choosePatients(
  { store }: SyncDeps,
  { run, connection }: { readonly run: SyncRun; readonly connection: Connection },
): Promise<readonly string[]> {
  const { connectionId, request } = run;
  if (request.patients.length > 0) return request.patients;
  if (connection.userId !== undefined) return [connection.userId];
  const ids = await store.resources.listIds({ connectionId, resourceType: 'Patient' });
  if (ids.length > 0) return ids;
  throw new AppError({
    code: 'no-patients',
    message: 'No patient of this connection is known yet. Run a bulk export first, or name the patients.',
    retry: 'never',
  });
}
