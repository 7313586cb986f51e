import { connectionId, exportId, later, runId } from '@bulkhead/http/schemas';
import { exportEndedEventSchema } from '@bulkhead/imports/export';
import { scheduleNotStartedEventSchema } from '@bulkhead/imports/schedules';
import { syncEndedEventSchema } from '@bulkhead/imports/sync';
import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { exportExample } from '../endpoints/bulk-export/bulk-export.examples.ts';
import { syncRunDetailExample } from '../endpoints/sync/sync.examples.ts';

const headers = z.object({
  'webhook-id': z
    .string()
    .describe(
      'The id of the delivery. A repeated call has the same id, so use it to recognise a call that arrived before.',
    ),
  'webhook-timestamp': z.string().describe('When the call was sent, in seconds since 1970. Refuse calls that are old.'),
  'webhook-signature': z
    .string()
    .describe(
      '`v1,` and the HMAC-SHA256 of `<webhook-id>.<webhook-timestamp>.<body>` in base64, with the bytes after `whsec_` of the secret as the key.',
    ),
});

const { counts } = exportExample;

/** The calls of the server to the URL of a connection or the `callbackUrl` of a request, by the name of the event. */
export const webhookCalls: ZodOpenApiPathsObject = {
  exportEnded: toCall({
    operationId: 'exportEnded',
    summary: 'A bulk export has ended',
    schema: exportEndedEventSchema,
    example: {
      type: 'bulk-export.completed',
      timestamp: later,
      data: { id: exportId, connectionId, status: 'COMPLETED', partial: false, counts, warnings: [] },
    },
  }),
  syncEnded: toCall({
    operationId: 'syncEnded',
    summary: 'An enhanced sync has ended',
    schema: syncEndedEventSchema,
    example: {
      type: 'sync-run.completed',
      timestamp: later,
      data: { id: runId, connectionId, status: 'COMPLETED', byType: syncRunDetailExample.byType, skipped: [] },
    },
  }),
  scheduleNotStarted: toCall({
    operationId: 'scheduleNotStarted',
    summary: 'A schedule could not start a run, or skipped it',
    schema: scheduleNotStartedEventSchema,
    example: {
      type: 'schedule.skipped',
      timestamp: later,
      data: {
        id: 'sched_01a20ebbc9477ed4b36076ce74bec9ba',
        connectionId,
        kind: 'export',
        runId: exportId,
        errorCode: 'export-already-running',
      },
    },
  }),
};

function toCall(options: {
  readonly operationId: string;
  readonly summary: string;
  readonly schema: z.ZodType;
  readonly example: unknown;
}) {
  const { operationId, summary, schema, example } = options;
  return {
    post: {
      operationId,
      summary,
      description:
        'Sent to the URL of the connection and, at the end of an export or a sync, to the `callbackUrl` of its request. A call that gets no 2xx response within 15 seconds is repeated for a day. `PUT /api/ehr/connections/{id}/webhook` sets the URL and returns the secret.',
      security: [],
      requestParams: { header: headers },
      requestBody: {
        required: true,
        description: 'The event: ids, the status and counts. It contains no patient data.',
        content: { 'application/json': { schema, example } },
      },
      responses: {
        '2XX': { description: 'The receiver has accepted the call' },
        '410': { description: 'The receiver wants no more attempts of this call' },
      },
    },
  };
}
