export { runScheduleJob } from './run-schedule.job.ts';
