import { scheduleListQuerySchema, scheduleViewSchema, toScheduleView } from '@bulkhead/schedules/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { page } from '../common.schema.ts';
import { scheduleExample } from './get-schedule.endpoint.ts';

export const listSchedules = defineEndpoint({
  id: 'listSchedules',
  method: 'get',
  path: '/api/ehr/schedules',
  action: 'schedule.list',
  access: 'client',
  audited: false,
  summary: 'List the schedules of one connection or of all connections',
  description: 'Returns the schedules with the outcome of their last run and the time of the next one.',
  request: { query: scheduleListQuerySchema },
  responses: {
    200: { description: 'A page of schedules, oldest first', ...page(scheduleViewSchema, [scheduleExample]) },
  },
  errors: ['unknown-connection'],
  async handler({ query, caller: { scope }, services }) {
    const { items, next } = await services.schedules.list({ query, scope });
    return { data: items.map(toScheduleView), next };
  },
});
