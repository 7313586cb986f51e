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
import { allow } from '../middleware/allow.ts';
import { auditNotes } from '../middleware/audit-notes.ts';
import { callerOf, viewFor } from '../middleware/caller-of.ts';
import { parseRequest } from '../middleware/parse-request.ts';

export const syncListQuerySchema = z.strictObject({
  connectionId: z.string().min(1).max(100).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
});

/** The guide's endpoint 3, and its runs. */
export function syncRoutes({ syncs }: { readonly syncs: SyncService }): Router {
  const router = Router();

  router.post('/:provider/enhanced-sync', allow('sync.create'), async (request, response) => {
    const { provider } = request.params;
    const body = parseRequest(syncBodySchema, request.body);
    const wait = !/\brespond-async\b/i.test(request.get('prefer') ?? '');
    const state = await syncs.start({ provider, body, wait, scope: callerOf(response).scope });
    auditNotes(response).target = { provider, connectionId: state.run.connectionId, id: state.run.id };
    if (isSyncActive(state.run.phase)) {
      const url = `/api/ehr/${provider}/sync-runs/${state.run.id}`;
      response.status(202).location(url);
      response.json({ success: true, data: { ...toSyncRunView(state.run, viewFor(response)), url } });
      return;
    }
    if (state.run.phase !== 'completed') throw incomplete(state);
    response.json({ success: true, data: toSyncedView(state) });
  });

  router.get('/:provider/sync-runs', allow('sync.list'), async (request, response) => {
    const query = parseRequest(syncListQuerySchema, request.query);
    const { scope } = callerOf(response);
    const reader = viewFor(response);
    const runs = await syncs.list({ provider: request.params.provider, ...query, scope });
    response.json({ success: true, data: runs.map((run) => toSyncRunView(run, reader)) });
  });

  router.get('/:provider/sync-runs/:id', allow('sync.read'), async (request, response) => {
    const state = await syncs.get({ ...request.params, scope: callerOf(response).scope });
    response.json({ success: true, data: toSyncRunDetail(state, viewFor(response)) });
  });

  router.delete('/:provider/sync-runs/:id', allow('sync.cancel'), async (request, response) => {
    const state = await syncs.cancel({ ...request.params, scope: callerOf(response).scope });
    response.json({ success: true, data: toSyncRunDetail(state, viewFor(response)) });
  });

  router.post('/:provider/sync-runs/:id/retry', allow('sync.retry'), async (request, response) => {
    const state = await syncs.retry({ ...request.params, scope: callerOf(response).scope });
    response.status(202).json({ success: true, data: toSyncRunDetail(state, viewFor(response)) });
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
