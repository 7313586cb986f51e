import { scheduleDetailSchema, toScheduleDetail } from '@bulkhead/schedules/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { at, connectionId, responseWith } from '../common.schema.ts';

export const scheduleExample = {
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
};

export const scheduleDetailResponse = responseWith(scheduleDetailSchema, {
  ...scheduleExample,
  nextRuns: ['2026-11-25T07:23:00.000Z'],
});

export const getSchedule = defineEndpoint({
  id: 'getSchedule',
  method: 'get',
  path: '/api/ehr/schedules/:id',
  action: 'schedule.read',
  access: 'client',
  audited: false,
  summary: 'Return a schedule with its next runs',
  description:
    'Returns the schedule, the outcome of its last run and the next five times. Use it to check a cron expression and its time zone.',
  responses: { 200: scheduleDetailResponse('The schedule with its next five times') },
  errors: ['unknown-schedule'],
  async handler({ params: { id }, caller: { scope }, services }) {
    return { data: toScheduleDetail(await services.schedules.get({ id, scope })) };
  },
});
