import type { ConnectionStore } from '@bulkhead/connections';
import type { BulkExportStore } from '../export/index.ts';
import type { SyncStore } from '../sync/index.ts';
import type { ScheduleStore } from './schedule.feature.ts';

/** The repositories of schedules, and of what they start. */
export type ScheduleStores = ScheduleStore & BulkExportStore & SyncStore & Pick<ConnectionStore, 'connections'>;
