import {
  type ScheduleService,
  scheduleBodySchema,
  scheduleChangeSchema,
  toScheduleDetail,
  toScheduleView,
} from '@bulkhead/service';
import { Router } from 'express';
import { z } from 'zod';
import { parseRequest } from '../middleware/parse-request.ts';

export const scheduleListQuerySchema = z.strictObject({
  connectionId: z.string().min(1).max(100).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
});

/** Exports and syncs that come again by a cron. */
export function scheduleRoutes({ schedules }: { readonly schedules: ScheduleService }): Router {
  const router = Router();

  router.post('/schedules', async (request, response) => {
    const state = await schedules.create(parseRequest(scheduleBodySchema, request.body));
    response.status(201).location(`/api/ehr/schedules/${state.schedule.id}`);
    response.json({ success: true, data: toScheduleDetail(state) });
  });

  router.get('/schedules', async (request, response) => {
    const states = await schedules.list(parseRequest(scheduleListQuerySchema, request.query));
    response.json({ success: true, data: states.map(toScheduleView) });
  });

  router.get('/schedules/:id', async (request, response) => {
    response.json({ success: true, data: toScheduleDetail(await schedules.get(request.params.id)) });
  });

  router.patch('/schedules/:id', async (request, response) => {
    const body = parseRequest(scheduleChangeSchema, request.body);
    const state = await schedules.change({ id: request.params.id, body });
    response.json({ success: true, data: toScheduleDetail(state) });
  });

  router.post('/schedules/:id/run', async (request, response) => {
    const { schedule, runId } = await schedules.run(request.params.id);
    const path = schedule.kind === 'export' ? 'bulk-export' : 'sync-runs';
    const url = `/api/ehr/${schedule.provider}/${path}/${runId}`;
    response
      .status(202)
      .location(url)
      .json({ success: true, data: { id: runId, kind: schedule.kind, url } });
  });

  router.delete('/schedules/:id', async (request, response) => {
    await schedules.delete(request.params.id);
    response.status(204).end();
  });

  return router;
}
