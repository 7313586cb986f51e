import { syncBodySchema } from '@bulkhead/service';
import { z } from 'zod';
import { success } from '../../endpoints/common.schema.ts';
import { eventStreamResponse } from '../../http/event-stream-response.ts';
import { syncListQuerySchema } from '../../routes/sync.routes.ts';
import type { OperationGroup } from '../operation.ts';
import { startedSyncSchema, syncedSchema, syncRunDetailSchema, syncRunSchema } from '../schemas/sync.schema.ts';
import { syncedExample, syncRunDetailExample, syncRunExample } from './examples.ts';

const path = '/api/ehr/:provider/sync-runs';
const noneSynced = { standardResources: 0, enhancedResources: 0, total: 0 };

export const syncOperations: OperationGroup = {
  name: 'Enhanced syncs',
  description: 'Crawls by patient and type over the REST API.',
  operations: [
    {
      method: 'post',
      path: '/api/ehr/:provider/enhanced-sync',
      id: 'startEnhancedSync',
      summary: 'Sync the standard and the enhanced resource types',
      description:
        'Answers when the run is done. A run that lasts over 30 seconds is answered 202 with the counts so far. ' +
        '`Prefer: wait=N` waits for up to N seconds (at most 290) instead, `Prefer: respond-async` does not wait. ' +
        'The header `Preference-Applied` of the answer names what was followed.',
      headers: z.object({
        prefer: z.string().optional().meta({ description: '`wait=N`, `respond-async` or both (RFC 7240)' }),
      }),
      body: {
        schema: syncBodySchema,
        example: {
          connectionId: 'conn_01a20ebbc93978f091b11de7704350e0',
          includeStandard: true,
          includeEnhanced: true,
          resourceTypes: ['DiagnosticReport', 'CarePlan', 'Encounter'],
        },
      },
      answers: {
        200: { description: 'What was synced', schema: success(syncedSchema), example: syncedExample },
        202: {
          description: 'The run goes on',
          schema: success(startedSyncSchema),
          example: {
            ...noneSynced,
            ...syncRunExample,
            url: '/api/ehr/athenahealth/sync-runs/sync_01a20ebbc9477ed4b36076ce74bec9ba',
          },
        },
      },
      errors: ['unknown-connection', 'sync-already-running', 'sync-incomplete', 'sync-cancelled'],
    },
    {
      method: 'get',
      path,
      id: 'listSyncRuns',
      summary: 'Sync runs, newest first',
      query: syncListQuerySchema,
      answers: { 200: { description: 'Runs', schema: success(z.array(syncRunSchema)), example: [syncRunExample] } },
      errors: ['unknown-connection'],
    },
    {
      method: 'get',
      path: `${path}/:id`,
      id: 'getSyncRun',
      summary: 'A run with a row per type',
      answers: { 200: { description: 'Run', schema: success(syncRunDetailSchema), example: syncRunDetailExample } },
      errors: ['unknown-run'],
    },
    {
      method: 'get',
      path: `${path}/:id/events`,
      id: 'watchSyncRun',
      summary: 'A run with a row per type, told as it moves',
      answers: eventStreamResponse({ 'sync-run': 'a `SyncRunDetail`', end: 'an empty object: the run has ended' }),
      errors: ['unknown-run'],
    },
    {
      method: 'delete',
      path: `${path}/:id`,
      id: 'cancelSyncRun',
      summary: 'Cancel a run',
      answers: {
        200: { description: 'Cancelled', schema: success(syncRunDetailSchema), example: syncRunDetailExample },
      },
      errors: ['unknown-run', 'sync-ended'],
    },
    {
      method: 'post',
      path: `${path}/:id/retry`,
      id: 'retrySyncRun',
      summary: 'Ask again for what failed',
      body: { isOptional: true },
      answers: {
        202: { description: 'Taken up again', schema: success(syncRunDetailSchema), example: syncRunDetailExample },
      },
      errors: ['unknown-run', 'nothing-to-retry', 'sync-already-running'],
    },
  ],
};
