import { scheduleDetailSchema, toScheduleDetail } from '@bulkhead/schedules/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { scheduleDetailExample } from './schedule.examples.ts';

export const getSchedule = defineEndpoint({
  id: 'getSchedule',
  method: 'get',
  path: '/api/ehr/schedules/:id',
  action: 'schedule.read',
  access: 'client',
  audited: false,
  summary: 'A schedule with its next runs',
  responses: {
    200: { description: 'Schedule', schema: success(scheduleDetailSchema), example: scheduleDetailExample },
  },
  errors: ['unknown-schedule'],
  async handler({ params: { id }, caller: { scope }, services }) {
    return { data: toScheduleDetail(await services.schedules.get({ id, scope })) };
  },
});
