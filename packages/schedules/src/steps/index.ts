export { runSchedule, type ScheduleDeps } from './run-schedule.ts';
export { sweepSchedules } from './sweep-schedules.ts';
