import type { BulkExportStore } from '@bulkhead/bulk-export';
import type { ConnectionStore } from '@bulkhead/connections';
import type { SyncStore } from '@bulkhead/sync';
import type { ScheduleStore } from './store.ts';

/** The repositories of schedules, and of what they start. */
export type ScheduleStores = ScheduleStore & BulkExportStore & SyncStore & Pick<ConnectionStore, 'connections'>;
