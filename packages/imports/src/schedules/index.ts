export { scheduleError } from './errors.ts';
export { type ScheduleStore, scheduleFeature } from './schedule.feature.ts';
export { type Schedule, scheduleFault, scheduleNotStartedEventSchema } from './schedule.record.ts';
export { spreadOf } from './spread-of.ts';
export type { ScheduleStores } from './stores.ts';
