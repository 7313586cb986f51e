import { syncRunDetailSchema, toSyncRunDetail } from '@bulkhead/sync/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { syncRunDetailExample } from './sync.examples.ts';

export const getSync = defineEndpoint({
  id: 'getSyncRun',
  method: 'get',
  path: '/api/ehr/:provider/sync-runs/:id',
  action: 'sync.read',
  access: 'client',
  audited: false,
  summary: 'Return a sync run with counts for each type',
  responses: { 200: { description: 'Run', schema: success(syncRunDetailSchema), example: syncRunDetailExample } },
  errors: ['unknown-run'],
  async handler({ params, caller: { scope, view }, services }) {
    return { data: toSyncRunDetail(await services.syncs.get({ ...params, scope }), view) };
  },
});
