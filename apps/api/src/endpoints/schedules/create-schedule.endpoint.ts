import { scheduleBodySchema, toScheduleDetail } from '@bulkhead/schedules/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { connectionId } from '../common.schema.ts';
import { scheduleDetailResponse } from './get-schedule.endpoint.ts';

export const createSchedule = defineEndpoint({
  id: 'createSchedule',
  method: 'post',
  path: '/api/ehr/schedules',
  action: 'schedule.create',
  idempotency: 'answer',
  access: 'client',
  audited: true,
  summary: 'Add a schedule',
  description:
    'Starts an export of what changed, or a sync, at the times of a cron expression. A run that was missed because nothing was running is made up for once. A run is skipped while the one before is active.',
  request: {
    body: {
      schema: scheduleBodySchema,
      example: { connectionId, kind: 'export', cron: '0 2 * * *', timeZone: 'America/New_York' },
    },
  },
  responses: { 201: scheduleDetailResponse('The schedule was stored, with its next five times') },
  errors: ['unknown-connection'],
  async handler({ body, caller: { scope }, services, audit }) {
    const state = await services.schedules.create({ body, scope });
    const { schedule } = state;
    audit.addTarget({ id: schedule.id, connectionId: schedule.connectionId });
    return { data: toScheduleDetail(state), location: `/api/ehr/schedules/${schedule.id}` };
  },
});
