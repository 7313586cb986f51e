import { errorCodeSchema, present } from '@bulkhead/base';
import { enhancedResourceTypes, standardResourceTypes } from '@bulkhead/fhir';
import { countSchema, ehrTextSchema, type View, viewOf, viewShapeOf, warningSchema } from '@bulkhead/store';
import { z } from 'zod';
import {
  retryingViewSchema,
  runActivitySchema,
  runEventFields,
  toRetryingView,
  type ViewFor,
} from '../../runs/run-view.ts';
import { type SyncEvent, syncEventSchema } from '../sync-event.record.ts';
import { type SyncRun, skippedTypeSchema, syncRunSchema } from '../sync-run.record.ts';
import { isSyncActive, type SyncRunPhase, syncRunStatus, syncRunStatuses } from '../sync-run-phase.ts';
import { minimumRequests } from '../sync-search.ts';
import { type StepRetry, syncTypeCountSchema } from '../sync-step.record.ts';
import type { SyncRunState } from './sync.service.ts';
import { syncActivity, syncProgress, syncProgressSchema } from './sync-activity.ts';

const standard: readonly string[] = standardResourceTypes;
const enhanced: readonly string[] = enhancedResourceTypes;

const syncedShape = {
  standardResources: countSchema.describe(
    'Received resources of the standard types that are stored now, whether or not they changed.',
  ),
  enhancedResources: countSchema.describe(
    'Received resources of the enhanced types that are stored now, whether or not they changed.',
  ),
  otherResources: countSchema.exactOptional().describe('The same of other types. Absent if the run searches none.'),
  total: countSchema.describe('The sum of `standardResources`, `enhancedResources` and `otherResources`.'),
  id: z.string().describe('The id of the run, to read its details.'),
  skipped: z.array(skippedTypeSchema).describe('Requested types that the EHR cannot search.'),
};

export const syncedSchema = z
  .strictObject({
    ...syncedShape,
    warnings: z
      .array(warningSchema)
      .exactOptional()
      .describe('What went less than perfectly. Absent if there is nothing to report.'),
  })
  .meta({
    id: 'Synced',
    description:
      'The response of the guide to an enhanced sync: the numbers of resources that were received and are now stored.',
  });

const { id, connectionId, patientCount, createdAt, startedAt, completedAt, warnings, ...fields } = viewShapeOf(
  syncRunSchema,
  [
    'id',
    'connectionId',
    { request: ['includeStandard', 'includeEnhanced', 'includeReferences', 'resourceTypes', 'since', 'patients'] },
    'scheduleId',
    'startedBy',
    { totals: ['stored', 'unchanged'] },
    'types',
    { skipped: ['resourceType', 'reason', 'always'] },
    'patientCount',
    'createdAt',
    'startedAt',
    'completedAt',
    { warnings: ['code', 'message'] },
  ],
);
const runShape = {
  id,
  connectionId,
  status: z
    .enum(syncRunStatuses)
    .describe(
      '`IN_PROGRESS` until the run ends, then `COMPLETED`, `PARTIAL` (some searches failed), `FAILED` or `CANCELLED`. What was stored until the end is kept.',
    ),
  ...fields,
  patients: patientCount,
  createdAt,
  startedAt,
  completedAt,
  errorMessage: z
    .string()
    .exactOptional()
    .describe('Why the run, or a part of it, failed, and what to do. Present only if something failed.'),
  errorCode: errorCodeSchema
    .exactOptional()
    .describe('The code of the failure: docs/errors.md lists the codes. Present only if something failed.'),
  ehrText: ehrTextSchema,
  activity: runActivitySchema.exactOptional(),
  progress: syncProgressSchema.exactOptional(),
  warnings,
};

export const syncRunViewSchema = z.strictObject(runShape).meta({
  id: 'SyncRun',
  description: 'One enhanced sync: searches by patient and type over the REST API of the EHR.',
});

export const startedSyncSchema = z
  .strictObject({ ...syncedShape, ...runShape, url: z.string().describe('The path of the run, as in `Location`.') })
  .meta({
    id: 'StartedSync',
    description: 'A run that has not ended, with its counts so far. Read its `url` for the progress.',
  });

const stepRetryViewSchema = retryingViewSchema
  .extend({ resourceType: z.string().describe('The type that is searched.') })
  .meta({ id: 'SyncStepRetry', description: 'Why a search of a run waits or is retried.' });

export const syncRunDetailSchema = z
  .strictObject({
    ...runShape,
    ...syncedShape,
    requests: countSchema.describe('Requests that the run has sent to the EHR, repeated ones included.'),
    minimumRequests: countSchema.describe(
      'The fewest requests that these searches could have taken: one for each page.',
    ),
    byType: z.array(syncTypeCountSchema).describe('The counts of each type that was searched.'),
    retrying: z.array(stepRetryViewSchema).meta({ description: 'The newest ten. Empty once the run has ended.' }),
  })
  .meta({ id: 'SyncRunDetail', description: 'A run with the counts of each type and the number of its requests.' });

export const syncEventViewSchema = z
  .strictObject({
    ...viewShapeOf(syncEventSchema, [...runEventFields, 'kind', 'phase', 'resourceType', 'count', 'lastAt']),
    message: z.string().describe('What happened, in one or two sentences.'),
  })
  .meta({ id: 'SyncEvent', description: 'Something that happened to a sync.' });

type SyncRunDetail = View<typeof syncRunDetailSchema>;
type SyncEventView = View<typeof syncEventViewSchema>;
type SyncedView = View<typeof syncedSchema>;
export type SyncRunView = View<typeof syncRunViewSchema>;

/**
 * The response of "Enhanced Sync" in the guide: how many resources were received in this run and are now stored, whether or not they had
 * changed. Additional fields give the skipped types with their reasons, and the id of the run.
 */
export function toSyncedView({ run, counts }: Pick<SyncRunState, 'run' | 'counts'>): SyncedView {
  const sum = (isCounted: (type: string) => boolean) =>
    counts.filter(({ resourceType }) => isCounted(resourceType)).reduce((total, { stored }) => total + stored, 0);
  const standardResources = sum((type) => standard.includes(type));
  const enhancedResources = sum((type) => enhanced.includes(type));
  const otherResources = sum((type) => !standard.includes(type) && !enhanced.includes(type));
  return viewOf(syncedSchema, {
    standardResources,
    enhancedResources,
    otherResources: run.request.includeOthers || run.request.includeReferences ? otherResources : undefined,
    total: standardResources + enhancedResources + otherResources,
    id: run.id,
    skipped: run.skipped,
    warnings: run.warnings.length > 0 ? run.warnings : undefined,
  });
}

export function toSyncRunView(run: SyncRun, { isOperator }: ViewFor): SyncRunView {
  const { error } = run;
  return viewOf(syncRunViewSchema, {
    ...run,
    status: syncRunStatus(run.phase),
    patients: run.patientCount,
    errorMessage: error?.message,
    errorCode: error?.code,
    ehrText: isOperator ? error?.ehrText : undefined,
    activity: undefined,
    progress: undefined,
  });
}

/** A run of a list. An active one has its progress and its counts so far. */
export function toListedSyncRun(state: SyncRunState, reader: ViewFor): SyncRunView {
  const { run, counts } = state;
  const sum = (of: 'stored' | 'unchanged') => counts.reduce((total, count) => total + count[of], 0);
  return {
    ...toSyncRunView(run, reader),
    ...present({ activity: syncActivity(state), progress: syncProgress(state) }),
    ...(isSyncActive(run) ? { totals: { stored: sum('stored'), unchanged: sum('unchanged') } } : {}),
  };
}

/** A run with the counts of each type, its number of requests, the minimum number, and why searches wait or are retried. */
export function toSyncRunDetail(state: SyncRunState, reader: ViewFor): SyncRunDetail {
  const { run, counts, retrying } = state;
  const activity = syncActivity(state);
  const progress = syncProgress(state);
  return {
    ...toSyncRunView(run, reader),
    ...toSyncedView({ run, counts }),
    ...present({ activity, progress }),
    requests: counts.reduce((sum, count) => sum + count.requests, 0),
    minimumRequests: minimumRequests(counts),
    byType: counts,
    retrying: retrying.map((retry) => toStepRetryView(retry, reader)),
  };
}

const phaseMessages: Readonly<Record<SyncRunPhase, string>> = {
  queued: 'The sync was requested.',
  running: 'The searches are planned and begin.',
  completed: 'The sync has completed.',
  partial: 'The sync has ended. Some searches failed.',
  failed: 'The sync has failed.',
  cancelled: 'The sync was cancelled.',
};

/** Only operators see what the EHR said. */
export function toSyncEventView(event: SyncEvent, { isOperator }: ViewFor): SyncEventView {
  return viewOf(syncEventViewSchema, {
    ...event,
    message: event.message ?? (event.phase === undefined ? '' : phaseMessages[event.phase]),
    ehrText: isOperator ? event.ehrText : undefined,
  });
}

function toStepRetryView({ resourceType, ...retry }: StepRetry, reader: ViewFor): View<typeof stepRetryViewSchema> {
  return { resourceType, ...toRetryingView(retry, reader) };
}
