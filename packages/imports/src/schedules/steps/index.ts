import { runScheduleWork } from './run-schedule.job.ts';

export type { ScheduleDeps } from './run-schedule.job.ts';
export { runScheduleWork } from './run-schedule.job.ts';
export { scheduleWork } from './schedule-work.ts';
export { sweepSchedules } from './sweep-schedules.ts';

export const scheduleWorks = [runScheduleWork] as const;
