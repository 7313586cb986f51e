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
  summary: 'List the files of a bulk export, with the counts of their lines (the ledger)',
  request: { query: exportStatusQuerySchema },
  responses: {
    200: {
      description: 'The files of the export',
      schema: success(z.array(outputFileViewSchema)),
      example: [outputFileExample],
    },
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
