import type { RetentionState } from '@bulkhead/erasure';
import type { ScheduleStore } from '@bulkhead/schedules';

/** The repositories and figures that monitoring reads. */
export interface MonitoringStore extends ScheduleStore {
  readonly listRetentionStates: () => Promise<RetentionState[]>;
  /** The version and the clock of MongoDB. */
  readonly server: () => Promise<{ readonly version: string; readonly now: Date }>;
}
