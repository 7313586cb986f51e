import { exportEventViewSchema, toEventView } from '@bulkhead/bulk-export/commands';
import { pageOf, shortListQuery } from '@bulkhead/runtime';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { page } from '../common.schema.ts';
import { exportEventsExample } from './bulk-export.examples.ts';

export const listExportEvents = defineEndpoint({
  id: 'listExportEvents',
  method: 'get',
  path: '/api/ehr/:provider/bulk-export/:jobId/log',
  action: 'export.read-log',
  access: 'client',
  // It shows neither links nor resources.
  audited: false,
  summary: 'List what happened to a bulk export, oldest first',
  description: 'The last 200 events of the export and the last 200 of its files.',
  request: { query: shortListQuery },
  responses: {
    200: { description: 'A page of events, oldest first', ...page(exportEventViewSchema, exportEventsExample) },
  },
  errors: ['unknown-export'],
  async handler({ params: { provider, jobId: id }, query, caller: { scope, view }, services }) {
    const { items, next } = pageOf(await services.bulkExports.listEvents({ provider, id, scope }), query);
    return { data: items.map((event) => toEventView(event, view)), next };
  },
});
