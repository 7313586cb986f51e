import { z } from 'zod';
import { count, failureSchema, instant, retryingSchema, warningSchema, withheldCount } from '../common.schema.ts';
import { at, connectionId, later, runId } from '../example-values.ts';

const skippedTypeSchema = z.strictObject({ resourceType: z.string(), reason: z.string() }).meta({ id: 'SkippedType' });

const synced = {
  standardResources: count,
  enhancedResources: count,
  total: count,
  id: z.string(),
  skipped: z.array(skippedTypeSchema),
};

export const syncedSchema = z.strictObject({ ...synced, warnings: z.array(warningSchema).optional() }).meta({
  id: 'Synced',
  description: 'The guide’s answer to an enhanced sync: resources that came and are stored now.',
});

const run = {
  id: z.string(),
  connectionId: z.string(),
  status: z.enum(['IN_PROGRESS', 'COMPLETED', 'PARTIAL', 'FAILED', 'CANCELLED']),
  request: z.strictObject({
    includeStandard: z.boolean(),
    includeEnhanced: z.boolean(),
    resourceTypes: z.array(z.string()),
    since: z.string().optional(),
    patients: z.array(z.string()),
  }),
  scheduleId: z.string().optional(),
  types: z.array(z.string()),
  skipped: z.array(skippedTypeSchema),
  patients: count.optional(),
  createdAt: instant,
  startedAt: instant.optional(),
  completedAt: instant.optional(),
  errorMessage: z.string().optional(),
  errorCode: z.string().optional(),
  ehrText: failureSchema.shape.ehrText,
  warnings: z.array(warningSchema),
};

export const syncRunSchema = z.strictObject(run).meta({ id: 'SyncRun' });

export const startedSyncSchema = z
  .strictObject({ ...synced, ...run, url: z.string() })
  .meta({ id: 'StartedSync', description: 'A run that goes on, with its counts so far: follow its `url`.' });

const stepRetrySchema = retryingSchema
  .extend({ resourceType: z.string() })
  .meta({ id: 'SyncStepRetry', description: 'Why a search of a run does not progress.' });

export const syncRunDetailSchema = z
  .strictObject({
    ...run,
    ...synced,
    requests: count,
    minimumRequests: count,
    byType: z.array(
      z.strictObject({
        resourceType: z.string(),
        searches: count,
        carried: count,
        completed: count,
        incomplete: count.meta({ description: 'Searches whose pages held fewer resources than the EHR promised.' }),
        failed: count,
        requests: count,
        pages: count,
        fetched: count,
        stored: count,
        unchanged: count,
        stale: count,
        rejected: count,
        withheld: withheldCount,
      }),
    ),
    retrying: z.array(stepRetrySchema).meta({ description: 'The newest ten; empty once the run has ended.' }),
  })
  .meta({ id: 'SyncRunDetail', description: 'A run with a row per type, and the requests it used.' });

const skipped = [
  {
    resourceType: 'Appointment',
    reason: 'athenahealth finds appointments by their ids only; a bulk export brings them',
  },
];

export const syncedExample = {
  standardResources: 3719,
  enhancedResources: 1566,
  total: 5285,
  id: runId,
  skipped,
};

export const syncRunExample = {
  id: runId,
  connectionId,
  status: 'IN_PROGRESS',
  request: { includeStandard: true, includeEnhanced: true, resourceTypes: [], patients: [] },
  types: ['Patient', 'Observation'],
  skipped,
  patients: 200,
  createdAt: at,
  startedAt: at,
  warnings: [],
};

export const syncRunDetailExample = {
  ...syncRunExample,
  ...syncedExample,
  status: 'COMPLETED',
  completedAt: later,
  requests: 204,
  minimumRequests: 204,
  byType: [
    {
      resourceType: 'Observation',
      searches: 200,
      carried: 0,
      completed: 200,
      incomplete: 0,
      failed: 0,
      requests: 200,
      pages: 200,
      fetched: 1566,
      stored: 1566,
      unchanged: 0,
      stale: 0,
      rejected: 0,
    },
  ],
  retrying: [],
};
