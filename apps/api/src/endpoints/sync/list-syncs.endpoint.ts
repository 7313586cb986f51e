import { syncRunViewSchema, toSyncRunView } from '@bulkhead/sync/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { syncRunExample } from './sync.examples.ts';

export const listSyncs = defineEndpoint({
  id: 'listSyncRuns',
  method: 'get',
  path: '/api/ehr/:provider/sync-runs',
  action: 'sync.list',
  access: 'client',
  audited: false,
  summary: 'List sync runs, newest first',
  request: {
    query: z.strictObject({
      connectionId: z.string().min(1).max(100).optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(50),
    }),
  },
  responses: { 200: { description: 'Runs', schema: success(z.array(syncRunViewSchema)), example: [syncRunExample] } },
  errors: ['unknown-connection'],
  async handler({ params: { provider }, query, caller: { scope, view }, services }) {
    const runs = await services.syncs.list({ provider, ...query, scope });
    return { data: runs.map((run) => toSyncRunView(run, view)) };
  },
});
