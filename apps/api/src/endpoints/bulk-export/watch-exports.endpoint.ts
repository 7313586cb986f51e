import { bulkExportQuerySchema, toStatusView } from '@bulkhead/bulk-export/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { eventStreamResponse } from '../common.schema.ts';

/** The same number as the list returns by default. */
const limit = bulkExportQuerySchema.shape.limit.parse(undefined);

export const watchExports = defineEndpoint({
  id: 'watchBulkExports',
  method: 'get',
  path: '/api/ehr/:provider/bulk-export/events',
  action: 'export.list',
  access: 'client',
  audited: false,
  summary: 'Stream the newest bulk exports as they change',
  description:
    'Sends the newest exports as server-sent events, so that a page or a script need not poll. It reports changes of at most the newest 50 exports.',
  request: { query: bulkExportQuerySchema.pick({ connectionId: true }) },
  responses: eventStreamResponse({ exports: 'an array of the newest 50 `Export`, as the list returns them' }),
  errors: ['unknown-connection'],
  handler({ params: { provider }, query: { connectionId }, caller: { scope, view }, services, streamEvents }) {
    return streamEvents(async () => {
      const { items } = await services.bulkExports.list({ provider, scope, query: { connectionId, limit } });
      return { events: [{ name: 'exports', data: items.map((record) => toStatusView({ record, ...view })) }] };
    });
  },
});
