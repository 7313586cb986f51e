import { isSyncActive } from '@bulkhead/domain';
import { type SyncService, toSyncRunDetail } from '@bulkhead/service';
import { Router } from 'express';
import type { EventStreams } from '../event-streams.ts';
import { allow } from '../middleware/allow.ts';
import { callerOf, viewFor } from '../middleware/caller-of.ts';

interface EventDeps {
  readonly streams: EventStreams;
  readonly syncs: SyncService;
}

/** What is under way, told as it moves. Before the routes of exports: `events` is no id. */
export function eventRoutes({ streams, syncs }: EventDeps): Router {
  const router = Router();

  router.get('/:provider/sync-runs/:id/events', allow('sync.read'), async (request, response) => {
    const which = { ...request.params, scope: callerOf(response).scope };
    const read = async () => {
      const state = await syncs.get(which);
      const data = toSyncRunDetail(state, viewFor(response));
      return { events: [{ name: 'sync-run', data }], isOver: !isSyncActive(state.run.phase) };
    };
    await streams.run({ request, response, read });
  });

  return router;
}
