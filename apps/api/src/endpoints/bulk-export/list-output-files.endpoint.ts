import { exportStatusQuerySchema, outputFileViewSchema, toFileView } from '@bulkhead/bulk-export/commands';
import { pageOf, shortListQuery } from '@bulkhead/runtime';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { page } from '../common.schema.ts';
import { outputFileExample } from './bulk-export.examples.ts';

export const listOutputFiles = defineEndpoint({
  id: 'listOutputFiles',
  method: 'get',
  path: '/api/ehr/:provider/bulk-export/:jobId/files',
  action: 'export.read',
  access: 'client',
  audited: 'if-shown',
  summary: 'List the files of a bulk export, with the counts of their lines (the ledger)',
  description:
    'Returns one entry for each file of the manifest, with the outcome of every line: stored, unchanged, stale, quarantined or deleted. Use it to find out what is missing in an export, and why.',
  request: { query: exportStatusQuerySchema.extend(shortListQuery.shape) },
  responses: { 200: { description: 'The files of the export', ...page(outputFileViewSchema, [outputFileExample]) } },
  errors: ['unknown-export'],
  async handler({ params: { provider, jobId: id }, query, caller: { scope, view }, services, audit }) {
    const { record } = await services.bulkExports.get({ provider, id, scope });
    const files = await services.bulkExports.listFiles({ provider, id, scope });
    const { items, next } = pageOf(files, query, (file) => file.id);
    audit.addTarget({ connectionId: record.connectionId });
    audit.isShown = items.length > 0;
    const reader = { ...view, withSignedUrls: query.signedUrls };
    return { data: items.map((file) => toFileView(file, reader)), next };
  },
});
