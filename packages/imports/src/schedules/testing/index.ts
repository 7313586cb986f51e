export { makeSchedule } from './make-schedule.ts';
export { createStores } from './start-use-cases.ts';
