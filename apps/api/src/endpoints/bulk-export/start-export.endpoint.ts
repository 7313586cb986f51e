import { bulkExportRequestSchema, startedExportSchema, toStartedView } from '@bulkhead/bulk-export/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { at, connectionId, exportId, success } from '../common.schema.ts';
import { statusUrl } from './bulk-export.examples.ts';

/** Endpoint 1 of the guide. */
export const startExport = defineEndpoint({
  id: 'startBulkExport',
  route: 'POST /api/ehr/:provider/bulk-export',
  action: 'export.create',
  idempotency: 'answer',
  access: 'client',
  summary: 'Start a bulk export',
  description:
    'Only one export with the same request runs for a connection at a time. While it runs, the same request returns 409 with its id.',
  request: {
    body: {
      schema: bulkExportRequestSchema,
      example: { connectionId, exportType: 'Patient', resourceTypes: ['Patient', 'Observation', 'Condition'] },
    },
  },
  responses: {
    202: success('The export was accepted. Follow it at `Location`', {
      data: startedExportSchema,
      example: {
        id: exportId,
        status: 'IN_PROGRESS',
        statusUrl,
        startedAt: at,
      },
    }),
  },
  errors: ['unknown-connection', 'export-already-running'],
  async handler({ params: { provider }, body, caller, services, audit }) {
    const { apiKey, scope } = caller;
    const record = await services.bulkExports.start({ provider, body, scope, by: apiKey.name });
    audit.addTarget({ connectionId: record.connectionId, jobId: record.id });
    const location = `/api/ehr/${provider}/bulk-export/${record.id}`;
    return { data: toStartedView(record), location };
  },
});
