import { scheduleKinds } from '@bulkhead/ehr/providers';
import { connectionId, count, page } from '@bulkhead/http/schemas';
import { pageOf, shortListQuery, viewOf } from '@bulkhead/store';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { scheduleActions } from '../schedules/schedule.actions.ts';

const timeSchema = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 20:00')
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

const spreadScheduleSchema = z
  .strictObject({
    id: z.string().describe('The id of the schedule.'),
    connectionId: z.string().describe('The connection that is exported or searched.'),
    kind: z.enum(scheduleKinds).describe('What is started: `export` or `sync`.'),
    timeZone: z.string().describe('The time zone of the schedule, and so of the window.'),
    cron: z.string().describe('When it runs now.'),
    usualSeconds: count
      .exactOptional()
      .describe('How long its last run took. Absent if that has not completed; then 5.5 hours are assumed.'),
    proposedCron: z.string().describe('When it could run instead.'),
  })
  .meta({ id: 'SpreadSchedule', description: 'A schedule, and when it could run so that all end within a window.' });

export const spreadSchedules = defineEndpoint({
  id: 'spreadSchedules',
  route: 'GET /api/ehr/plan/schedules',
  action: scheduleActions.list,
  summary: 'Propose times for schedules, so that all end within a window and few start together',
  description:
    'Returns a time for each schedule that runs once a day and is not paused, the longest run first. Nothing is changed: change a schedule to its `proposedCron`, with `spread: false`.',
  request: {
    query: shortListQuery.extend({
      from: timeSchema
        .default(20 * 60)
        .describe('When the window begins, in the time zone of each schedule. Default: `20:00`.'),
      until: timeSchema.default(6 * 60).describe('When all runs should have ended. Default: `06:00`, on the next day.'),
    }),
  },
  responses: {
    200: page('The schedules with a proposed time', {
      item: spreadScheduleSchema,
      example: [
        {
          id: 'sched_01a20ebbc9477ed4b36076ce74bec9ba',
          connectionId,
          kind: 'export',
          timeZone: 'America/New_York',
          cron: '0 2 * * *',
          usualSeconds: 19_800,
          proposedCron: '47 22 * * *',
        },
      ],
    }),
  },
  async handler({ query: { from, until, ...query }, caller: { scope }, services }) {
    const { items, next } = pageOf(await services.plans.spread({ window: { from, until }, scope }), query);
    const toView = ({ usualMs, ...fields }: (typeof items)[number]) =>
      viewOf(spreadScheduleSchema, {
        ...fields,
        usualSeconds: usualMs === undefined ? undefined : Math.round(usualMs / 1000),
      });
    return { data: items.map(toView), next };
  },
});
