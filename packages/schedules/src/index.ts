export { createScheduleRepository } from './schedule.repository.ts';
export type { Schedule } from './schedule.ts';
export { spreadOf } from './spread-of.ts';
export type { ScheduleStore } from './store.ts';
