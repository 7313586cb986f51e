import { bulkExportQuerySchema, exportViewSchema, toStatusView } from '@bulkhead/bulk-export/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { page } from '../common.schema.ts';
import { exportExample } from './bulk-export.examples.ts';

export const listExports = defineEndpoint({
  id: 'listBulkExports',
  method: 'get',
  path: '/api/ehr/:provider/bulk-export',
  action: 'export.list',
  access: 'client',
  audited: false,
  summary: 'List bulk exports, newest first',
  request: { query: bulkExportQuerySchema, formerNames: { after: 'cursor' } },
  responses: { 200: { description: 'Exports', schema: page(exportViewSchema), example: [exportExample] } },
  errors: ['unknown-connection'],
  async handler({ params: { provider }, query, caller: { scope, view }, services }) {
    const { items, next } = await services.bulkExports.list({ provider, scope, query });
    return { data: items.map((record) => toStatusView({ record, ...view })), next };
  },
});
