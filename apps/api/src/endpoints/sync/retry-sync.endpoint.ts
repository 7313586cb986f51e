import { toSyncRunDetail } from '@bulkhead/sync/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { syncRunDetailResponse } from './sync.examples.ts';

export const retrySync = defineEndpoint({
  id: 'retrySyncRun',
  method: 'post',
  path: '/api/ehr/:provider/sync-runs/:id/retry',
  action: 'sync.retry',
  access: 'client',
  audited: true,
  summary: 'Retry a sync run: request again what failed',
  description:
    'Repeats the searches of an ended run that failed. Searches that completed are not sent again. To retry a running run changes nothing.',
  request: { body: { isOptional: true } },
  responses: { 202: syncRunDetailResponse('The run continues') },
  errors: ['unknown-run', 'nothing-to-retry', 'sync-already-running'],
  async handler({ params, caller: { apiKey, scope, view }, services, audit }) {
    const { state, isChanged } = await services.syncs.retry({ ...params, scope, by: apiKey.name });
    audit.addTarget({ connectionId: state.run.connectionId });
    audit.setChanged(isChanged);
    const { provider, id } = params;
    return { data: toSyncRunDetail(state, view), location: `/api/ehr/${provider}/sync-runs/${id}` };
  },
});
