import { isSyncActive, isTerminal } from '@bulkhead/domain';
import {
  type BulkExportService,
  bulkExportQuerySchema,
  type SyncService,
  toFileView,
  toStatusView,
  toSyncRunDetail,
} from '@bulkhead/service';
import { Router } from 'express';
import type { EventStreams } from '../event-streams.ts';
import { allow } from '../middleware/allow.ts';
import { auditNotes, noteTarget } from '../middleware/audit-notes.ts';
import { callerOf, viewFor } from '../middleware/caller-of.ts';
import { parseRequest } from '../middleware/parse-request.ts';

export const exportEventsQuerySchema = bulkExportQuerySchema.pick({ connectionId: true });
/** As the list has them where nothing else is asked for. */
const newest = bulkExportQuerySchema.shape.limit.parse(undefined);

interface EventDeps {
  readonly streams: EventStreams;
  readonly bulkExports: BulkExportService;
  readonly syncs: SyncService;
}

/** What is under way, told as it moves. Before the routes of exports: `events` is no id. */
export function eventRoutes({ streams, bulkExports, syncs }: EventDeps): Router {
  const router = Router();

  router.get('/:provider/bulk-export/events', allow('export.list'), async (request, response) => {
    const { connectionId } = parseRequest(exportEventsQuerySchema, request.query);
    const list = { provider: request.params.provider, scope: callerOf(response).scope };
    const reader = viewFor(response);
    const read = async () => {
      const { exports } = await bulkExports.list({ ...list, query: { connectionId, limit: newest } });
      const data = exports.map((record) => toStatusView({ record, ...reader }));
      return { events: [{ name: 'exports', data }] };
    };
    await streams.run({ request, response, read });
  });

  router.get('/:provider/bulk-export/:jobId/events', allow('export.read'), async (request, response) => {
    const { provider, jobId: id } = request.params;
    const reader = viewFor(response);
    const look = bulkExports.watch({ provider, id, scope: callerOf(response).scope });
    const read = async () => {
      const { record, issues, files } = await look();
      noteTarget(response, { connectionId: record.connectionId });
      if (files.length > 0) auditNotes(response).isShown = true;
      const status = { name: 'export', data: toStatusView({ record, issues, ...reader }) };
      const moved = files.length > 0 ? [{ name: 'files', data: files.map((file) => toFileView(file, reader)) }] : [];
      return { events: [status, ...moved], isOver: isTerminal(record.phase) };
    };
    await streams.run({ request, response, read });
  });

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
