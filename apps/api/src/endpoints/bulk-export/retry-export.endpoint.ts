import { toStatusView } from '@bulkhead/bulk-export/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { exportResponse } from './bulk-export.examples.ts';

export const retryExport = defineEndpoint({
  id: 'retryBulkExport',
  method: 'post',
  path: '/api/ehr/:provider/bulk-export/:jobId/retry',
  action: 'export.retry',
  access: 'client',
  audited: true,
  summary: 'Retry a failed export: fetch what is missing',
  description:
    'Continues a failed export, or a completed one with failed files, and fetches only what is missing. If the export is lost at the EHR, it is started again there. To retry a running export changes nothing.',
  request: { body: { isOptional: true } },
  responses: { 202: exportResponse('The export continues') },
  errors: ['unknown-export', 'nothing-to-retry', 'export-already-running'],
  async handler({ params: { provider, jobId: id }, caller: { apiKey, scope, view }, services, audit }) {
    const { record, isChanged } = await services.bulkExports.retry({ provider, id, scope, by: apiKey.name });
    audit.addTarget({ connectionId: record.connectionId });
    audit.setChanged(isChanged);
    return { data: toStatusView({ record, ...view }), location: `/api/ehr/${provider}/bulk-export/${id}` };
  },
});
