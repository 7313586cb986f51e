import { defineEndpoint } from '../../http/define-endpoint.ts';

export const deleteSchedule = defineEndpoint({
  id: 'deleteSchedule',
  method: 'delete',
  path: '/api/ehr/schedules/:id',
  action: 'schedule.delete',
  access: 'client',
  audited: true,
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
