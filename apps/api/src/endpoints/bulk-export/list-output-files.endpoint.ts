import { exportStatusQuerySchema, outputFileViewSchema, toFileView } from '@bulkhead/bulk-export/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { outputFileExample } from './bulk-export.examples.ts';

export const listOutputFiles = defineEndpoint({
  id: 'listOutputFiles',
  method: 'get',
  path: '/api/ehr/:provider/bulk-export/:jobId/files',
  action: 'export.read',
  access: 'client',
  audited: 'if-shown',
  summary: 'The ledger of a bulk export: its files, and what became of their lines',
  request: { query: exportStatusQuerySchema },
  responses: {
    200: { description: 'Its files', schema: success(z.array(outputFileViewSchema)), example: [outputFileExample] },
  },
  errors: ['unknown-export'],
  async handler({ params: { provider, jobId: id }, query, caller: { scope, view }, services, audit }) {
    const { record } = await services.bulkExports.get({ provider, id, scope });
    const files = await services.bulkExports.listFiles({ provider, id, scope });
    audit.addTarget({ connectionId: record.connectionId });
    audit.isShown = files.length > 0;
    const reader = { ...view, withSignedUrls: query.signedUrls };
    return { data: files.map((file) => toFileView(file, reader)) };
  },
});
