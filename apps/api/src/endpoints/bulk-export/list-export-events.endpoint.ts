import { exportEventViewSchema, toEventView } from '@bulkhead/bulk-export/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
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
  responses: {
    200: {
      description: 'The events of the export',
      schema: success(z.array(exportEventViewSchema)),
      example: exportEventsExample,
    },
  },
  errors: ['unknown-export'],
  async handler({ params: { provider, jobId: id }, caller: { scope, view }, services }) {
    const events = await services.bulkExports.listEvents({ provider, id, scope });
    return { data: events.map((event) => toEventView(event, view)) };
  },
});
