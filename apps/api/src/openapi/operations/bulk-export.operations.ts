import { bulkExportQuerySchema, bulkExportRequestSchema, exportStatusQuerySchema } from '@bulkhead/service';
import { z } from 'zod';
import { idempotencyKeySchema } from '../../routes/bulk-export.routes.ts';
import { exportEventsQuerySchema } from '../../routes/event.routes.ts';
import { eventStreamAnswer } from '../event-stream-answer.ts';
import type { OperationGroup } from '../operation.ts';
import { page, success } from '../schemas/common.schema.ts';
import { exportSchema, outputFileSchema, startedExportSchema } from '../schemas/export.schema.ts';
import { exportExample, outputFileExample, startedExportExample } from './examples.ts';

const path = '/api/ehr/:provider/bulk-export';

export const bulkExportOperations: OperationGroup = {
  name: 'Bulk exports',
  description: 'FHIR bulk exports of a whole practice, from the kick-off to the last stored line.',
  operations: [
    {
      method: 'post',
      path,
      id: 'startBulkExport',
      summary: 'Start a bulk export',
      description: 'At most one export per connection and request runs: the answer to another one is 409 with its id.',
      headers: z.object({ 'idempotency-key': idempotencyKeySchema }),
      body: {
        schema: bulkExportRequestSchema,
        example: {
          connectionId: 'conn_01a20ebbc93978f091b11de7704350e0',
          exportType: 'Patient',
          resourceTypes: ['Patient', 'Observation', 'Condition'],
        },
      },
      answers: {
        202: { description: 'Accepted', schema: success(startedExportSchema), example: startedExportExample },
      },
      errors: ['unknown-connection', 'export-already-running', 'idempotency-key-reused'],
    },
    {
      method: 'get',
      path,
      id: 'listBulkExports',
      summary: 'Bulk exports, newest first',
      query: bulkExportQuerySchema,
      answers: { 200: { description: 'Exports', schema: page(exportSchema), example: [exportExample] } },
      errors: ['unknown-connection'],
    },
    {
      method: 'get',
      path: `${path}/events`,
      id: 'watchBulkExports',
      summary: 'The newest bulk exports, told as they move',
      query: exportEventsQuerySchema,
      answers: eventStreamAnswer({ exports: 'the newest 50, each an `Export`, as the list has them' }),
      errors: ['unknown-connection'],
    },
    {
      method: 'get',
      path: `${path}/:jobId`,
      id: 'getBulkExport',
      summary: 'Status of a bulk export',
      query: exportStatusQuerySchema,
      answers: { 200: { description: 'Its status', schema: success(exportSchema), example: exportExample } },
      errors: ['unknown-export'],
    },
    {
      method: 'get',
      path: `${path}/:jobId/events`,
      id: 'watchBulkExport',
      summary: 'A bulk export and its files, told as they move',
      description:
        'Read the ledger once, and again after `end` and where `counts.files` grows: the stream tells of files that move.',
      answers: eventStreamAnswer({
        export: 'an `Export`, without `outputUrls`; its counts are of some seconds ago where the ledger is long',
        files: 'an array of at most 500 `OutputFile`: those under way, and those that have ended since',
        end: 'an empty object: the export has ended',
      }),
      errors: ['unknown-export'],
    },
    {
      method: 'delete',
      path: `${path}/:jobId`,
      id: 'cancelBulkExport',
      summary: 'Cancel a bulk export',
      answers: { 200: { description: 'Cancelled', schema: success(exportSchema), example: exportExample } },
      errors: ['unknown-export', 'export-ended'],
    },
    {
      method: 'post',
      path: `${path}/:jobId/retry`,
      id: 'retryBulkExport',
      summary: 'Fetch what is missing of a failed export',
      body: { isOptional: true },
      answers: { 202: { description: 'Taken up again', schema: success(exportSchema), example: exportExample } },
      errors: ['unknown-export', 'nothing-to-retry', 'export-already-running'],
    },
    {
      method: 'get',
      path: `${path}/:jobId/files`,
      id: 'listOutputFiles',
      summary: 'The ledger of a bulk export: its files, and what became of their lines',
      query: exportStatusQuerySchema,
      answers: {
        200: { description: 'Its files', schema: success(z.array(outputFileSchema)), example: [outputFileExample] },
      },
      errors: ['unknown-export'],
    },
  ],
};
