export { createConnectionSchedules } from './connection-schedules.ts';
export { planSchedules } from './plan-schedules.ts';
export {
  desiredScheduleSchema,
  scheduleBodySchema,
  scheduleChangeSchema,
  scheduleListQuerySchema,
} from './schedule.schema.ts';
export { ScheduleService } from './schedule.service.ts';
export { scheduleViewSchema, toScheduleView } from './schedule-view.ts';
export { startScheduledRun } from './start-scheduled-run.ts';
