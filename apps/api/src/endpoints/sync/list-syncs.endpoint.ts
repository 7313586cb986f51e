import { syncListQuerySchema, syncRunViewSchema, toSyncRunView } from '@bulkhead/sync/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { page } from '../common.schema.ts';
import { syncRunExample } from './sync.examples.ts';

export const listSyncs = defineEndpoint({
  id: 'listSyncRuns',
  method: 'get',
  path: '/api/ehr/:provider/sync-runs',
  action: 'sync.list',
  access: 'client',
  audited: false,
  summary: 'List sync runs, newest first',
  description:
    'Returns the runs of all connections that the key may use, or of one connection. Use it to find the id of a run, or to see when a connection was last synced.',
  request: { query: syncListQuerySchema },
  responses: {
    200: { description: 'A page of sync runs, newest first', ...page(syncRunViewSchema, [syncRunExample]) },
  },
  errors: ['unknown-connection'],
  async handler({ params: { provider }, query, caller: { scope, view }, services }) {
    const { items, next } = await services.syncs.list({ provider, query, scope });
    return { data: items.map((run) => toSyncRunView(run, view)), next };
  },
});
