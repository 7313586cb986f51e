import { bulkExportRequestSchema, startedExportSchema, toStartedView } from '@bulkhead/bulk-export/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { at, connectionId, exportId, success } from '../common.schema.ts';
import { statusUrl } from './bulk-export.examples.ts';

/** See https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header. Clients usually send a UUID. */
const idempotencyKeySchema = z
  .string()
  .regex(/^[!-~]{1,200}$/, 'Idempotency-Key must be 1-200 visible ASCII characters without a space')
  .optional();

/** Endpoint 1 of the guide. */
export const startExport = defineEndpoint({
  id: 'startBulkExport',
  method: 'post',
  path: '/api/ehr/:provider/bulk-export',
  action: 'export.create',
  access: 'client',
  audited: true,
  summary: 'Start a bulk export',
  description:
    'Only one export with the same request runs for a connection at a time. While it runs, the same request returns 409 with its id.',
  request: {
    headers: z.object({ 'idempotency-key': idempotencyKeySchema }),
    body: {
      schema: bulkExportRequestSchema,
      example: { connectionId, exportType: 'Patient', resourceTypes: ['Patient', 'Observation', 'Condition'] },
    },
  },
  responses: {
    202: {
      description: 'Accepted',
      schema: success(startedExportSchema),
      example: { id: exportId, status: 'IN_PROGRESS', statusUrl, startedAt: at },
    },
  },
  errors: ['unknown-connection', 'export-already-running', 'idempotency-key-reused'],
  async handler({ params: { provider }, headers, body, caller, services, audit }) {
    const { apiKey, scope } = caller;
    const key = headers['idempotency-key'];
    const idempotency = key === undefined ? undefined : { clientId: apiKey.id, key };
    const { record, isRepeated } = await services.bulkExports.start({
      ...{ provider, body, scope, idempotency },
      by: apiKey.name,
    });
    audit.addTarget({ connectionId: record.connectionId, jobId: record.id });
    audit.setChanged(!isRepeated);
    return { data: toStartedView(record), headers: isRepeated ? { 'Idempotency-Replayed': 'true' } : {} };
  },
});
