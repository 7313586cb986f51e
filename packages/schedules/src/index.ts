import type { BulkExportStore } from '@bulkhead/bulk-export';
import type { SyncStore } from '@bulkhead/sync';
import type { WebhookStore } from '@bulkhead/webhooks';
import type { createScheduleRepository } from './schedule.repository.ts';

export { type Schedule, scheduleFault, scheduleNotStartedEventSchema } from './schedule.record.ts';
export { createScheduleRepository } from './schedule.repository.ts';
export { spreadOf } from './spread-of.ts';

/** The repositories that this feature uses. */
export interface ScheduleStore extends BulkExportStore, SyncStore, Omit<WebhookStore, 'bulkExports' | 'syncRuns'> {
  readonly schedules: ReturnType<typeof createScheduleRepository>;
}
export { scheduleError } from './errors.ts';
