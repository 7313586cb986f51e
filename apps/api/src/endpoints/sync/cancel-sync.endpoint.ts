import { toSyncRunDetail } from '@bulkhead/sync/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { syncRunDetailResponse } from './sync.examples.ts';

export const cancelSync = defineEndpoint({
  id: 'cancelSyncRun',
  method: 'delete',
  path: '/api/ehr/:provider/sync-runs/:id',
  action: 'sync.cancel',
  access: 'client',
  audited: true,
  summary: 'Cancel a sync run',
  description:
    'Ends a running sync. Its searches stop at their next page, and what they have stored until then stays. To cancel a cancelled run again changes nothing.',
  responses: { 200: syncRunDetailResponse('The run in its final state') },
  errors: ['unknown-run', 'sync-ended'],
  async handler({ params, caller: { apiKey, scope, view }, services, audit }) {
    const { state, isChanged } = await services.syncs.cancel({ ...params, scope, by: apiKey.name });
    audit.addTarget({ connectionId: state.run.connectionId });
    audit.setChanged(isChanged);
    return { data: toSyncRunDetail(state, view) };
  },
});
