import { exportStatusQuerySchema, toStatusView } from '@bulkhead/bulk-export/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { exportResponse } from './bulk-export.examples.ts';

/** Endpoint 2 of the guide. */
export const getExport = defineEndpoint({
  id: 'getBulkExport',
  method: 'get',
  path: '/api/ehr/:provider/bulk-export/:jobId',
  action: 'export.read',
  access: 'client',
  // A signed link to a file opens the file without a token, so showing such links is audited.
  audited: 'if-shown',
  summary: 'Return the status of a bulk export',
  description:
    'Returns how far the export is, and in the end what was stored. Poll it every few seconds, or wait for the webhook. A completed export has `outputUrls`. `partial`, `warnings` and `watermarks` say whether something is missing.',
  request: { query: exportStatusQuerySchema },
  responses: { 200: exportResponse('The status of the export') },
  errors: ['unknown-export'],
  async handler({ params: { provider, jobId: id }, query, caller: { scope, view }, services, audit }) {
    const { record, issues } = await services.bulkExports.get({ provider, id, scope });
    const isCompleted = record.phase === 'completed';
    const files = isCompleted ? await services.bulkExports.listFiles({ provider, id, scope }) : [];
    audit.addTarget({ connectionId: record.connectionId });
    audit.isShown = files.length > 0;
    return { data: toStatusView({ record, files, issues, ...view, withSignedUrls: query.signedUrls }) };
  },
});
