import { defineEndpoint } from '../../http/define-endpoint.ts';

export const deleteSchedule = defineEndpoint({
  id: 'deleteSchedule',
  method: 'delete',
  path: '/api/ehr/schedules/:id',
  action: 'schedule.delete',
  access: 'client',
  audited: true,
  summary: 'Delete a schedule',
  responses: { 204: { description: 'Deleted' } },
  errors: ['unknown-schedule'],
  async handler({ params: { id }, caller: { scope }, services }) {
    await services.schedules.delete({ id, scope });
    return {};
  },
});
