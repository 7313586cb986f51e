export { scheduleError } from './errors.ts';
export { type Schedule, scheduleFault, scheduleNotStartedEventSchema } from './schedule.record.ts';
export { spreadOf } from './spread-of.ts';
export { createScheduleStore, type ScheduleStore } from './store.ts';
export type { ScheduleStores } from './stores.ts';
