export { spreadOf } from './commands/new-schedule.ts';
export { scheduleError } from './errors.ts';
export type { ScheduleStores } from './schedule.feature.ts';
export { type ScheduleStore, scheduleFeature } from './schedule.feature.ts';
export { type Schedule, scheduleFault, scheduleNotStartedEventSchema } from './schedule.record.ts';
