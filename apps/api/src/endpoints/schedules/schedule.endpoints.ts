import { endpointGroup } from '../../http/define-endpoint.ts';
import { changeSchedule } from './change-schedule.endpoint.ts';
import { createSchedule } from './create-schedule.endpoint.ts';
import { deleteSchedule } from './delete-schedule.endpoint.ts';
import { getSchedule } from './get-schedule.endpoint.ts';
import { listSchedules } from './list-schedules.endpoint.ts';
import { runSchedule } from './run-schedule.endpoint.ts';

export const scheduleEndpoints = endpointGroup({
  name: 'Schedules',
  description: 'Exports and syncs that run repeatedly by a cron expression.',
  endpoints: [createSchedule, listSchedules, getSchedule, changeSchedule, runSchedule, deleteSchedule],
});
