import { toStatusView } from '@bulkhead/bulk-export/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { exportResponse } from './bulk-export.examples.ts';

export const cancelExport = defineEndpoint({
  id: 'cancelBulkExport',
  method: 'delete',
  path: '/api/ehr/:provider/bulk-export/:jobId',
  action: 'export.cancel',
  access: 'client',
  audited: true,
  summary: 'Cancel a bulk export',
  description:
    'Ends a running export at once, and deletes it at the EHR. What it has stored until then stays. To cancel a cancelled export again changes nothing.',
  responses: { 200: exportResponse('The export in its final state') },
  errors: ['unknown-export', 'export-ended'],
  async handler({ params: { provider, jobId: id }, caller: { apiKey, scope, view }, services, audit }) {
    const { record, isChanged } = await services.bulkExports.cancel({ provider, id, scope, by: apiKey.name });
    audit.addTarget({ connectionId: record.connectionId });
    audit.setChanged(isChanged);
    return { data: toStatusView({ record, ...view }) };
  },
});
