export { runSchedule, type ScheduleDeps } from './run-schedule.ts';
export { scheduleWork } from './schedule-work.ts';
export { sweepSchedules } from './sweep-schedules.ts';
