export type { ScheduleDeps } from './deps.ts';
export { runSchedule } from './run-schedule.ts';
export { sweepSchedules } from './sweep-schedules.ts';
