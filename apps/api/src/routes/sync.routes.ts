import { AppError, isSyncActive } from '@bulkhead/domain';
import {
  type SyncRunState,
  type SyncService,
  syncBodySchema,
  toSyncedView,
  toSyncRunDetail,
  toSyncRunView,
} from '@bulkhead/service';
import { Router } from 'express';
import { z } from 'zod';
import { parseRequest } from '../middleware/parse-request.ts';

export const syncListQuerySchema = z.strictObject({
  connectionId: z.string().min(1).max(100),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
});

/** The guide's endpoint 3, and its runs. */
export function syncRoutes({ syncs }: { readonly syncs: SyncService }): Router {
  const router = Router();

  router.post('/:provider/enhanced-sync', async (request, response) => {
    const { provider } = request.params;
    const body = parseRequest(syncBodySchema, request.body);
    const wait = !/\brespond-async\b/i.test(request.get('prefer') ?? '');
    const state = await syncs.start({ provider, body, wait });
    if (isSyncActive(state.run.phase)) {
      const url = `/api/ehr/${provider}/sync-runs/${state.run.id}`;
      response.status(202).location(url);
      response.json({ success: true, data: { ...toSyncRunView(state.run), url } });
      return;
    }
    if (state.run.phase !== 'completed') throw incomplete(state);
    response.json({ success: true, data: toSyncedView(state) });
  });

  router.get('/:provider/sync-runs', async (request, response) => {
    const query = parseRequest(syncListQuerySchema, request.query);
    const runs = await syncs.list({ provider: request.params.provider, ...query });
    response.json({ success: true, data: runs.map(toSyncRunView) });
  });

  router.get('/:provider/sync-runs/:id', async (request, response) => {
    response.json({ success: true, data: toSyncRunDetail(await syncs.get(request.params)) });
  });

  router.delete('/:provider/sync-runs/:id', async (request, response) => {
    response.json({ success: true, data: toSyncRunDetail(await syncs.cancel(request.params)) });
  });

  router.post('/:provider/sync-runs/:id/retry', async (request, response) => {
    response.status(202).json({ success: true, data: toSyncRunDetail(await syncs.retry(request.params)) });
  });

  return router;
}

/** What succeeded is stored; but the answer is not the success that was asked for. */
function incomplete(state: SyncRunState): AppError {
  const { run } = state;
  return new AppError({
    code: run.phase === 'cancelled' ? 'sync-cancelled' : 'sync-incomplete',
    message: run.error?.message ?? 'The run was cancelled. What it stored until then stays.',
    retry: 'never',
    context: { details: { syncRunId: run.id, ...toSyncedView(state) } },
  });
}
