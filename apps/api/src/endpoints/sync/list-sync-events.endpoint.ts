import { syncEventViewSchema, toSyncEventView } from '@bulkhead/sync/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
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
  responses: {
    200: {
      description: 'The events of the sync',
      schema: success(z.array(syncEventViewSchema)),
      example: syncEventsExample,
    },
  },
  errors: ['unknown-run'],
  async handler({ params, caller: { scope, view }, services }) {
    const events = await services.syncs.listEvents({ ...params, scope });
    return { data: events.map((event) => toSyncEventView(event, view)) };
  },
});
