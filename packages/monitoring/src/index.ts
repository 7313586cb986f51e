import type { RetentionState } from '@bulkhead/erasure';
import type { ScheduleStore } from '@bulkhead/schedules';
import type { createHistorySampleRepository } from './history/history-sample.repository.ts';
import type { createProcessStateRepository } from './processes/process-state.repository.ts';

export { createHistorySampleRepository } from './history/history-sample.repository.ts';
export { ProcessReporter } from './processes/process-reporter.ts';
export { createProcessStateRepository } from './processes/process-state.repository.ts';

/** The repositories and figures that monitoring reads. */
export interface MonitoringStore extends ScheduleStore {
  readonly processStates: ReturnType<typeof createProcessStateRepository>;
  readonly historySamples: ReturnType<typeof createHistorySampleRepository>;
  readonly listRetentionStates: () => Promise<RetentionState[]>;
  /** The version and the clock of MongoDB. */
  readonly server: () => Promise<{ readonly version: string; readonly now: Date }>;
}
