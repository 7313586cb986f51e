import { scheduleBodySchema, scheduleDetailSchema, toScheduleDetail } from '@bulkhead/schedules/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { connectionId, success } from '../common.schema.ts';
import { scheduleDetailExample } from './get-schedule.endpoint.ts';

export const createSchedule = defineEndpoint({
  id: 'createSchedule',
  method: 'post',
  path: '/api/ehr/schedules',
  action: 'schedule.create',
  idempotency: 'answer',
  access: 'client',
  audited: true,
  summary: 'Add a schedule',
  request: {
    body: {
      schema: scheduleBodySchema,
      example: { connectionId, kind: 'export', cron: '0 2 * * *', timeZone: 'America/New_York' },
    },
  },
  responses: { 201: { description: 'Added', schema: success(scheduleDetailSchema), example: scheduleDetailExample } },
  errors: ['unknown-connection'],
  async handler({ body, caller: { scope }, services, audit }) {
    const state = await services.schedules.create({ body, scope });
    const { schedule } = state;
    audit.addTarget({ id: schedule.id, connectionId: schedule.connectionId });
    return { data: toScheduleDetail(state), location: `/api/ehr/schedules/${schedule.id}` };
  },
});
