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
import { noteChange, notePatients, noteTarget } from '../middleware/audit-notes.ts';
import { callerOf, viewFor } from '../middleware/caller-of.ts';
import { parseRequest } from '../middleware/parse-request.ts';
import { type Preferences, readPreferences } from './prefer.ts';

export const syncListQuerySchema = z.strictObject({
  connectionId: z.string().min(1).max(100).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
});

/** Node's `fetch`, as other clients, gives up a request that has no answer after 300 seconds. */
const longestWaitSeconds = 290;

/** The guide's endpoint 3, and its runs. */
export function syncRoutes({
  syncs,
  stopping,
}: {
  readonly syncs: SyncService;
  /** Aborts if the process is to stop: a request that waits is then answered at once. */
  readonly stopping: AbortSignal;
}): Router {
  const router = Router();

  router.post('/:provider/enhanced-sync', allow('sync.create'), async (request, response) => {
    const { provider } = request.params;
    const body = parseRequest(syncBodySchema, request.body);
    notePatients(response, body.patients ?? []);
    const preferences = readPreferences(request.get('prefer'));
    const waitMs = waitMsOf(preferences);
    // The wait ends by itself, so the limit for idle sockets must not end it.
    if (waitMs !== undefined) request.setTimeout(waitMs + answerTimeMs);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const signal = AbortSignal.any([stopping, gone.signal]);
    const state = await syncs.start({ provider, body, waitMs, signal, scope: callerOf(response).scope });
    noteTarget(response, { connectionId: state.run.connectionId, id: state.run.id });
    const isActive = isSyncActive(state.run.phase);
    const applied = appliedPreferences(preferences, isActive);
    if (applied !== '') response.set('Preference-Applied', applied);
    if (isActive) {
      const url = `/api/ehr/${provider}/sync-runs/${state.run.id}`;
      response.status(202).location(url);
      const data = { ...toSyncedView(state), ...toSyncRunView(state.run, viewFor(response)), url };
      response.json({ success: true, data });
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
    const { state, isChanged } = await syncs.cancel({ ...request.params, scope: callerOf(response).scope });
    noteTarget(response, { connectionId: state.run.connectionId });
    noteChange(response, isChanged);
    response.json({ success: true, data: toSyncRunDetail(state, viewFor(response)) });
  });

  router.post('/:provider/sync-runs/:id/retry', allow('sync.retry'), async (request, response) => {
    const { state, isChanged } = await syncs.retry({ ...request.params, scope: callerOf(response).scope });
    noteTarget(response, { connectionId: state.run.connectionId });
    noteChange(response, isChanged);
    response.status(202).json({ success: true, data: toSyncRunDetail(state, viewFor(response)) });
  });

  return router;
}

/** More than it takes to store a run and to write an answer. */
const answerTimeMs = 60_000;

/** @returns undefined if the client leaves it to the service. */
function waitMsOf({ respondAsync, waitSeconds }: Preferences): number | undefined {
  if (waitSeconds !== undefined) return Math.min(waitSeconds, longestWaitSeconds) * 1000;
  return respondAsync ? 0 : undefined;
}

function appliedPreferences({ respondAsync, waitSeconds }: Preferences, isActive: boolean): string {
  const applied = respondAsync && isActive ? ['respond-async'] : [];
  if (waitSeconds !== undefined) applied.push(`wait=${Math.min(waitSeconds, longestWaitSeconds)}`);
  return applied.join(', ');
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
