export { makeSchedule } from './make-schedule.ts';
