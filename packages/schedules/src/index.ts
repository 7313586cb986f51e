export type { Schedule } from './schedule.record.ts';
export { createScheduleRepository } from './schedule.repository.ts';
export { spreadOf } from './spread-of.ts';
export type { ScheduleStore } from './store.ts';
