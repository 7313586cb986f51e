import { pageOf, shortListQuery } from '@bulkhead/runtime';
import { syncEventViewSchema, toSyncEventView } from '@bulkhead/sync/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { page } from '../common.schema.ts';
import { syncEventsExample } from './sync.examples.ts';

export const listSyncEvents = defineEndpoint({
  id: 'listSyncEvents',
  method: 'get',
  path: '/api/ehr/:provider/sync-runs/:id/log',
  action: 'sync.read-log',
  access: 'client',
  // It shows neither resources nor patients.
  audited: false,
  summary: 'List what happened to a sync, oldest first',
  description: 'The last 200 events of the sync and the last 200 of its searches.',
  request: { query: shortListQuery },
  responses: {
    200: { description: 'A page of events, oldest first', ...page(syncEventViewSchema, syncEventsExample) },
  },
  errors: ['unknown-run'],
  async handler({ params, query, caller: { scope, view }, services }) {
    const { items, next } = pageOf(await services.syncs.listEvents({ ...params, scope }), query);
    return { data: items.map((event) => toSyncEventView(event, view)), next };
  },
});
