import { toSyncRunDetail } from '@bulkhead/sync/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { syncRunDetailResponse } from './sync.examples.ts';

export const getSync = defineEndpoint({
  id: 'getSyncRun',
  method: 'get',
  path: '/api/ehr/:provider/sync-runs/:id',
  action: 'sync.read',
  access: 'client',
  audited: false,
  summary: 'Return a sync run with counts for each type',
  description:
    'Returns the state of the run, the counts of each type, the number of its requests, and why searches wait or are retried. Poll it after a 202, or wait for the webhook.',
  responses: { 200: syncRunDetailResponse('The run with the counts of each type') },
  errors: ['unknown-run'],
  async handler({ params, caller: { scope, view }, services }) {
    return { data: toSyncRunDetail(await services.syncs.get({ ...params, scope }), view) };
  },
});
