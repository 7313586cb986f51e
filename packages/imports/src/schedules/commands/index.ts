export { createConnectionSchedules } from './connection-schedules.ts';
export { scheduleBodySchema, scheduleChangeSchema, scheduleListQuerySchema } from './schedule.schema.ts';
export { ScheduleService } from './schedule.service.ts';
export { scheduleViewSchema, toScheduleView } from './schedule-view.ts';
export { startScheduledRun } from './start-scheduled-run.ts';
