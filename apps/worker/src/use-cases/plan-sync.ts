import {
  AppError,
  type Connection,
  newSyncSearch,
  type SkippedType,
  type SyncRun,
  type SyncStep,
} from '@bulkhead/domain';
import type { Provider } from '@bulkhead/ehr-client';
import { enhancedResourceTypes, standardResourceTypes } from '@bulkhead/fhir';
import type { UseCaseDeps } from './deps.ts';
import { withCapabilities } from './with-capabilities.ts';

/** Lays out what a run has to ask for, a step per patient, and starts it. Planned already: only starts it. */
export async function planSync(
  deps: UseCaseDeps,
  { syncRunId, signal }: { readonly syncRunId: string; readonly signal: AbortSignal },
): Promise<void> {
  const { store, producer, ehr, logger, now } = deps;
  const run = await store.syncRuns.find(syncRunId);
  if (run?.phase !== 'queued') return;
  const connection = await withCapabilities(deps, { connectionId: run.connectionId, signal });
  const { provider } = ehr.session(connection);
  const { types, skipped } = chooseTypes({ run, connection, provider });
  const patientIds = await choosePatients(deps, { run, connection });
  await store.prepareResourceTypes(types);
  const steps = toSteps({ run, types, patientIds, idsPerRequest: provider.search?.idsPerRequest ?? 50 });
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
  { store }: UseCaseDeps,
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

function toSteps(options: {
  readonly run: SyncRun;
  readonly types: readonly string[];
  readonly patientIds: readonly string[];
  readonly idsPerRequest: number;
}): SyncStep[] {
  const { run, types, patientIds, idsPerRequest } = options;
  const byPatient = types.filter((type) => type !== 'Patient');
  const lists = types.includes('Patient') ? chunk(patientIds, idsPerRequest) : [];
  const plans = [
    // The patients themselves are had by lists of ids, many in one request.
    ...lists.map((ids) => ({ patientIds: ids, resourceTypes: ['Patient'] })),
    ...(byPatient.length > 0 ? patientIds.map((id) => ({ patientIds: [id], resourceTypes: byPatient })) : []),
  ];
  return plans.map(({ patientIds: ids, resourceTypes }, index) => ({
    id: `${run.id}.${String(index).padStart(6, '0')}`,
    runId: run.id,
    connectionId: run.connectionId,
    patientIds: ids,
    searches: resourceTypes.map(newSyncSearch),
    state: 'pending',
    attempts: 0,
  }));
}

function chunk(ids: readonly string[], size: number): string[][] {
  const count = Math.ceil(ids.length / size);
  return Array.from({ length: count }, (_, index) => ids.slice(index * size, (index + 1) * size));
}
