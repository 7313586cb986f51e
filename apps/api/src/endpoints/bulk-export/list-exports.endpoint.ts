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
  description:
    'Returns the exports of all connections that the key may use, or of one connection. Use it to find the id of an export, or exports with a status. The files and the issues of an export are read one by one.',
  request: { query: bulkExportQuerySchema, formerNames: { after: 'cursor' } },
  responses: { 200: { description: 'A page of exports, newest first', ...page(exportViewSchema, [exportExample]) } },
  errors: ['unknown-connection'],
  async handler({ params: { provider }, query, caller: { scope, view }, services }) {
    const { items, next } = await services.bulkExports.list({ provider, scope, query });
    return { data: items.map((record) => toStatusView({ record, ...view })), next };
  },
});
