import { isSyncActive } from '@bulkhead/sync';
import { toSyncRunDetail } from '@bulkhead/sync/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { eventStreamResponse } from '../common.schema.ts';

export const watchSync = defineEndpoint({
  id: 'watchSyncRun',
  method: 'get',
  path: '/api/ehr/:provider/sync-runs/:id/events',
  action: 'sync.read',
  access: 'client',
  audited: false,
  summary: 'Stream a sync run with counts for each type as they change',
  description:
    'Sends the run as server-sent events, so that a page or a script need not poll. Each event has the counts of every type.',
  responses: eventStreamResponse({ 'sync-run': 'a `SyncRunDetail`', end: 'an empty object. The run has ended' }),
  errors: ['unknown-run'],
  handler({ params, caller: { scope, view }, services, streamEvents }) {
    return streamEvents(async () => {
      const state = await services.syncs.get({ ...params, scope });
      const data = toSyncRunDetail(state, view);
      return { events: [{ name: 'sync-run', data }], isOver: !isSyncActive(state.run.phase) };
    });
  },
});
