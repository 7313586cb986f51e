import { scheduleChangeSchema, toScheduleDetail } from '@bulkhead/schedules/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { scheduleDetailResponse } from './get-schedule.endpoint.ts';

export const changeSchedule = defineEndpoint({
  id: 'changeSchedule',
  method: 'patch',
  path: '/api/ehr/schedules/:id',
  action: 'schedule.change',
  access: 'client',
  audited: true,
  summary: 'Pause, resume or reschedule a schedule',
  description:
    'Changes the named fields and leaves the others. Runs that were missed during a pause are not made up for. A run that is active continues.',
  request: { body: { schema: scheduleChangeSchema, example: { paused: true } } },
  responses: { 200: scheduleDetailResponse('The schedule after the change') },
  errors: ['unknown-schedule'],
  async handler({ params: { id }, body, caller: { scope }, services, audit }) {
    const { isChanged, ...state } = await services.schedules.change({ id, scope, body });
    audit.addTarget({ connectionId: state.schedule.connectionId });
    audit.setChanged(isChanged);
    return { data: toScheduleDetail(state) };
  },
});
