import {
  type ScheduleService,
  scheduleBodySchema,
  scheduleChangeSchema,
  toScheduleDetail,
  toScheduleView,
} from '@bulkhead/service';
import { Router } from 'express';
import { z } from 'zod';
import { allow } from '../middleware/allow.ts';
import { noteChange, noteTarget } from '../middleware/audit-notes.ts';
import { callerOf } from '../middleware/caller-of.ts';
import { parseRequest } from '../middleware/parse-request.ts';

export const scheduleListQuerySchema = z.strictObject({
  connectionId: z.string().min(1).max(100).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
});

/** Exports and syncs that come again by a cron. */
export function scheduleRoutes({ schedules }: { readonly schedules: ScheduleService }): Router {
  const router = Router();

  router.post('/schedules', allow('schedule.create'), async (request, response) => {
    const body = parseRequest(scheduleBodySchema, request.body);
    const state = await schedules.create({ body, scope: callerOf(response).scope });
    noteTarget(response, { id: state.schedule.id, connectionId: state.schedule.connectionId });
    response.status(201).location(`/api/ehr/schedules/${state.schedule.id}`);
    response.json({ success: true, data: toScheduleDetail(state) });
  });

  router.get('/schedules', allow('schedule.list'), async (request, response) => {
    const query = parseRequest(scheduleListQuerySchema, request.query);
    const states = await schedules.list({ ...query, scope: callerOf(response).scope });
    response.json({ success: true, data: states.map(toScheduleView) });
  });

  router.get('/schedules/:id', allow('schedule.read'), async (request, response) => {
    const state = await schedules.get({ id: request.params.id, scope: callerOf(response).scope });
    response.json({ success: true, data: toScheduleDetail(state) });
  });

  router.patch('/schedules/:id', allow('schedule.change'), async (request, response) => {
    const body = parseRequest(scheduleChangeSchema, request.body);
    const { scope } = callerOf(response);
    const { isChanged, ...state } = await schedules.change({ id: request.params.id, scope, body });
    noteTarget(response, { connectionId: state.schedule.connectionId });
    noteChange(response, isChanged);
    response.json({ success: true, data: toScheduleDetail(state) });
  });

  router.post('/schedules/:id/run', allow('schedule.run'), async (request, response) => {
    const { schedule, runId } = await schedules.run({ id: request.params.id, scope: callerOf(response).scope });
    noteTarget(response, { id: schedule.id, connectionId: schedule.connectionId, runId });
    const path = schedule.kind === 'export' ? 'bulk-export' : 'sync-runs';
    const url = `/api/ehr/${schedule.provider}/${path}/${runId}`;
    response
      .status(202)
      .location(url)
      .json({ success: true, data: { id: runId, kind: schedule.kind, url } });
  });

  router.delete('/schedules/:id', allow('schedule.delete'), async (request, response) => {
    await schedules.delete({ id: request.params.id, scope: callerOf(response).scope });
    response.status(204).end();
  });

  return router;
}
