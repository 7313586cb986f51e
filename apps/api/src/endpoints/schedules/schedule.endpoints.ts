import { scheduleKinds } from '@bulkhead/ehr/providers';
import { endpointGroup } from '@bulkhead/http';
import { at, connectionId, exportId, page, responseWith, success } from '@bulkhead/http/schemas';
import {
  scheduleBodySchema,
  scheduleChangeSchema,
  scheduleListQuerySchema,
  scheduleViewSchema,
  toScheduleView,
} from '@bulkhead/imports/schedules/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { scheduleActions } from './schedule.actions.ts';

const scheduleExample = {
  id: 'sched_01a20ebbc9477ed4b36076ce74bec9ba',
  connectionId,
  provider: 'athenahealth',
  kind: 'export',
  request: {},
  cron: '0 2 * * *',
  timeZone: 'America/New_York',
  spread: true,
  spreadMs: 1_380_000,
  paused: false,
  nextRunAt: '2026-11-25T07:23:00.000Z',
  createdAt: at,
  nextRuns: ['2026-11-25T07:23:00.000Z'],
};

const scheduleResponse = responseWith(scheduleViewSchema, scheduleExample);

const getSchedule = defineEndpoint({
  id: 'getSchedule',
  route: 'GET /api/ehr/schedules/:id',
  action: scheduleActions.read,
  summary: 'Return a schedule with its next runs',
  description:
    'Returns the schedule, the outcome of its last run and the next five times. Use it to check a cron expression and its time zone.',
  responses: { 200: scheduleResponse('The schedule with its next five times') },
  errors: ['unknown-schedule'],
  async handler({ params: { id }, caller: { scope }, services }) {
    return { data: toScheduleView(await services.schedules.get({ id, scope })) };
  },
});

const createSchedule = defineEndpoint({
  id: 'createSchedule',
  route: 'POST /api/ehr/schedules',
  action: scheduleActions.create,
  idempotency: 'answer',
  summary: 'Add a schedule',
  description:
    'Starts an export of what changed, or a sync, at the times of a cron expression. A run that was missed because nothing was running is made up for once. A run is skipped while the one before is active.',
  request: {
    body: {
      schema: scheduleBodySchema,
      example: { connectionId, kind: 'export', cron: '0 2 * * *', timeZone: 'America/New_York' },
    },
  },
  responses: { 201: scheduleResponse('The schedule was stored, with its next five times') },
  errors: ['unknown-connection', 'unknown-cohort', 'too-many-schedules'],
  async handler({ body, caller: { scope }, services, audit }) {
    const state = await services.schedules.create({ body, scope });
    const { schedule } = state;
    audit.addTarget({ id: schedule.id, connectionId: schedule.connectionId });
    return { data: toScheduleView(state), location: `/api/ehr/schedules/${schedule.id}` };
  },
});

const listSchedules = defineEndpoint({
  id: 'listSchedules',
  route: 'GET /api/ehr/schedules',
  action: scheduleActions.list,
  summary: 'List the schedules of one connection or of all connections',
  description: 'Returns the schedules with the outcome of their last run and the next five times.',
  request: { query: scheduleListQuerySchema },
  responses: {
    200: page('A page of schedules', { item: scheduleViewSchema, example: [scheduleExample] }),
  },
  errors: ['unknown-connection'],
  async handler({ query, caller: { scope }, services }) {
    const { items, next } = await services.schedules.list(query, scope);
    return { data: items.map(toScheduleView), next };
  },
});

const changeSchedule = defineEndpoint({
  id: 'changeSchedule',
  route: 'PATCH /api/ehr/schedules/:id',
  action: scheduleActions.change,
  summary: 'Pause, resume or reschedule a schedule',
  description:
    'Changes the named fields and leaves the others. Runs that were missed during a pause are not made up for. A run that is active continues.',
  request: { body: { schema: scheduleChangeSchema, example: { paused: true } } },
  responses: { 200: scheduleResponse('The schedule after the change') },
  errors: ['unknown-schedule'],
  async handler({ params: { id }, body, caller: { scope }, services, audit }) {
    const { isChanged, ...state } = await services.schedules.change({ id, scope, body });
    audit.addTarget({ connectionId: state.schedule.connectionId });
    audit.setChanged(isChanged);
    return { data: toScheduleView(state) };
  },
});

const scheduledRunSchema = z
  .strictObject({
    id: z.string().describe('The id of the export or the sync run.'),
    kind: z.enum(scheduleKinds).describe('What was started: `export` or `sync`.'),
    url: z.string().describe('The path of the run, as in `Location`.'),
  })
  .meta({ id: 'ScheduledRun', description: 'The export or sync that was started.' });

const runSchedule = defineEndpoint({
  id: 'runSchedule',
  route: 'POST /api/ehr/schedules/:id/run',
  action: scheduleActions.run,
  idempotency: 'answer',
  summary: 'Start a run of a schedule now',
  description:
    'Starts one additional run with the request of the schedule, also while it is paused. The times of the schedule do not change.',
  request: { body: { isOptional: true } },
  responses: {
    202: success('The run was started. Follow it at `Location`', {
      data: scheduledRunSchema,
      example: {
        id: exportId,
        kind: 'export',
        url: `/api/ehr/athenahealth/bulk-export/${exportId}`,
      },
    }),
  },
  errors: [
    'unknown-schedule',
    'unknown-connection',
    'unknown-cohort',
    'export-already-running',
    'sync-already-running',
    'schedule-request-invalid',
  ],
  async handler({ params: { id }, caller: { scope }, services, audit }) {
    const { schedule, runId } = await services.schedules.run({ id, scope });
    audit.addTarget({ id: schedule.id, connectionId: schedule.connectionId, runId });
    const collection = schedule.kind === 'export' ? 'bulk-export' : 'sync-runs';
    const url = `/api/ehr/${schedule.provider}/${collection}/${runId}`;
    return { data: { id: runId, kind: schedule.kind, url }, location: url };
  },
});

const deleteSchedule = defineEndpoint({
  id: 'deleteSchedule',
  route: 'DELETE /api/ehr/schedules/:id',
  action: scheduleActions.delete,
  summary: 'Delete a schedule',
  description:
    'Deletes the schedule, so that it starts no more runs. A run that is active continues, and what was stored stays.',
  responses: { 204: { description: 'The schedule is deleted and starts no more runs' } },
  errors: ['unknown-schedule'],
  async handler({ params: { id }, caller: { scope }, services }) {
    await services.schedules.delete({ id, scope });
    return {};
  },
});

export const scheduleEndpoints = endpointGroup({
  name: 'Schedules',
  description: 'Exports and syncs that run repeatedly by a cron expression.',
  endpoints: [createSchedule, listSchedules, getSchedule, changeSchedule, runSchedule, deleteSchedule],
});
