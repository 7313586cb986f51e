import { retryingViewSchema, toRetryingView, type ViewFor } from '@bulkhead/bulk-export/commands';
import { standardResourceTypes } from '@bulkhead/fhir';
import { countSchema, ehrTextSchema, toView, type View, viewShapeOf, warningSchema } from '@bulkhead/store';
import { z } from 'zod';
import { type SyncRun, skippedTypeSchema, syncRunSchema } from '../sync-run.record.ts';
import { syncRunStatus, syncRunStatuses } from '../sync-run-phase.ts';
import { minimumRequests } from '../sync-search.ts';
import { type StepRetry, syncTypeCountSchema } from '../sync-step.record.ts';
import type { SyncRunState } from './sync.service.ts';

const standard: readonly string[] = standardResourceTypes;

const syncedShape = {
  standardResources: countSchema,
  enhancedResources: countSchema,
  total: countSchema,
  id: z.string(),
  skipped: z.array(skippedTypeSchema),
};

export const syncedSchema = z.strictObject({ ...syncedShape, warnings: z.array(warningSchema).exactOptional() }).meta({
  id: 'Synced',
  description: 'The guide’s answer to an enhanced sync: resources that came and are stored now.',
});

const { id, connectionId, patientCount, createdAt, startedAt, completedAt, warnings, ...fields } = viewShapeOf(
  syncRunSchema.omit({ provider: true, phase: true, version: true, callbackUrl: true, notify: true, error: true }),
);
const runShape = {
  id,
  connectionId,
  status: z.enum(syncRunStatuses),
  ...fields,
  patients: patientCount,
  createdAt,
  startedAt,
  completedAt,
  errorMessage: z.string().exactOptional(),
  errorCode: z.string().exactOptional(),
  ehrText: ehrTextSchema,
  warnings,
};

export const syncRunViewSchema = z.strictObject(runShape).meta({ id: 'SyncRun' });

export const startedSyncSchema = z
  .strictObject({ ...syncedShape, ...runShape, url: z.string() })
  .meta({ id: 'StartedSync', description: 'A run that goes on, with its counts so far: follow its `url`.' });

const stepRetryViewSchema = retryingViewSchema
  .extend({ resourceType: z.string() })
  .meta({ id: 'SyncStepRetry', description: 'Why a search of a run does not progress.' });

export const syncRunDetailSchema = z
  .strictObject({
    ...runShape,
    ...syncedShape,
    requests: countSchema,
    minimumRequests: countSchema,
    byType: z.array(syncTypeCountSchema),
    retrying: z.array(stepRetryViewSchema).meta({ description: 'The newest ten; empty once the run has ended.' }),
  })
  .meta({ id: 'SyncRunDetail', description: 'A run with a row per type, and the requests it used.' });

type SyncedView = View<typeof syncedSchema>;
type SyncRunView = View<typeof syncRunViewSchema>;

/**
 * The guide's "Enhanced Sync" answer: how many resources the EHR sent in this run that are stored now, whether or not they
 * had changed. Beside its fields, the types that were skipped and why, and where to read more.
 */
export function toSyncedView({ run, counts }: Pick<SyncRunState, 'run' | 'counts'>): SyncedView {
  const sum = (isStandard: boolean) =>
    counts
      .filter(({ resourceType }) => standard.includes(resourceType) === isStandard)
      .reduce((total, { stored }) => total + stored, 0);
  const standardResources = sum(true);
  const enhancedResources = sum(false);
  return toView<SyncedView>({
    standardResources,
    enhancedResources,
    total: standardResources + enhancedResources,
    id: run.id,
    skipped: run.skipped,
    warnings: run.warnings.length > 0 ? run.warnings : undefined,
  });
}

/** A run as it is listed. */
export function toSyncRunView(run: SyncRun, { isOperator }: ViewFor): SyncRunView {
  const { error } = run;
  return toView<SyncRunView>({
    id: run.id,
    connectionId: run.connectionId,
    status: syncRunStatus(run.phase),
    request: run.request,
    scheduleId: run.scheduleId,
    types: run.types,
    skipped: run.skipped,
    patients: run.patientCount,
    createdAt: run.createdAt.toISOString(),
    startedAt: run.startedAt?.toISOString(),
    completedAt: run.completedAt?.toISOString(),
    errorMessage: error?.message,
    errorCode: error?.code,
    ehrText: isOperator ? error?.ehrText : undefined,
    warnings: run.warnings,
  });
}

/** A run with a row per type, the requests it used beside the fewest that were possible, and what it is held up by. */
export function toSyncRunDetail(
  { run, counts, retrying }: SyncRunState,
  reader: ViewFor,
): View<typeof syncRunDetailSchema> {
  return {
    ...toSyncRunView(run, reader),
    ...toSyncedView({ run, counts }),
    requests: counts.reduce((sum, count) => sum + count.requests, 0),
    minimumRequests: minimumRequests(counts),
    byType: counts,
    retrying: retrying.map((retry) => toStepRetryView(retry, reader)),
  };
}

function toStepRetryView({ resourceType, ...retry }: StepRetry, reader: ViewFor): View<typeof stepRetryViewSchema> {
  return { resourceType, ...toRetryingView(retry, reader) };
}
