import { scheduleViewSchema, toScheduleView } from '@bulkhead/schedules/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { scheduleExample } from './get-schedule.endpoint.ts';

export const listSchedules = defineEndpoint({
  id: 'listSchedules',
  method: 'get',
  path: '/api/ehr/schedules',
  action: 'schedule.list',
  access: 'client',
  audited: false,
  summary: 'List the schedules of one connection or of all connections',
  request: {
    query: z.strictObject({
      connectionId: z.string().min(1).max(100).optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(50),
    }),
  },
  responses: {
    200: { description: 'Schedules', schema: success(z.array(scheduleViewSchema)), example: [scheduleExample] },
  },
  errors: ['unknown-connection'],
  async handler({ query, caller: { scope }, services }) {
    const states = await services.schedules.list({ ...query, scope });
    return { data: states.map(toScheduleView) };
  },
});
