import { toRetryingView, type ViewFor } from '@bulkhead/bulk-export/commands';
import { standardResourceTypes } from '@bulkhead/fhir';
import { minimumRequests, type SyncRun, type SyncTypeCount, syncRunStatus } from '../sync-run.ts';
import type { SyncRunState } from './sync.service.ts';

const standard: readonly string[] = standardResourceTypes;

/**
 * The guide's "Enhanced Sync" answer: how many resources the EHR sent in this run that are stored now, whether or not they
 * had changed. Beside its fields, the types that were skipped and why, and where to read more.
 */
export function toSyncedView({ run, counts }: Pick<SyncRunState, 'run' | 'counts'>) {
  const sum = (isStandard: boolean) =>
    counts
      .filter(({ resourceType }) => standard.includes(resourceType) === isStandard)
      .reduce((total, { stored }) => total + stored, 0);
  const standardResources = sum(true);
  const enhancedResources = sum(false);
  const { id, skipped, warnings } = run;
  return {
    standardResources,
    enhancedResources,
    total: standardResources + enhancedResources,
    id,
    skipped,
    ...(warnings.length > 0 ? { warnings } : {}),
  };
}

/** A run as it is listed. */
export function toSyncRunView(run: SyncRun, { isOperator }: ViewFor) {
  const { id, connectionId, phase, request, types, skipped, patientCount, warnings, error } = run;
  const { createdAt, startedAt, completedAt, scheduleId } = run;
  return {
    id,
    connectionId,
    status: syncRunStatus(phase),
    request,
    ...(scheduleId === undefined ? {} : { scheduleId }),
    types,
    skipped,
    ...(patientCount === undefined ? {} : { patients: patientCount }),
    createdAt: createdAt.toISOString(),
    ...(startedAt === undefined ? {} : { startedAt: startedAt.toISOString() }),
    ...(completedAt === undefined ? {} : { completedAt: completedAt.toISOString() }),
    ...(error === undefined ? {} : { errorMessage: error.message, errorCode: error.code }),
    ...(isOperator && error?.ehrText !== undefined ? { ehrText: error.ehrText } : {}),
    warnings,
  };
}

/** A run with a row per type, the requests it used beside the fewest that were possible, and what it is held up by. */
export function toSyncRunDetail({ run, counts, retrying }: SyncRunState, reader: ViewFor) {
  const requests = counts.reduce((sum: number, count: SyncTypeCount) => sum + count.requests, 0);
  return {
    ...toSyncRunView(run, reader),
    ...toSyncedView({ run, counts }),
    requests,
    minimumRequests: minimumRequests(counts),
    byType: counts,
    retrying: retrying.map(({ resourceType, ...retry }) => ({ resourceType, ...toRetryingView(retry, reader) })),
  };
}
