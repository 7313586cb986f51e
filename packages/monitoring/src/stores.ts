import type { DocumentStore } from '@bulkhead/documents';
import type { ScheduleStores } from '@bulkhead/imports/schedules';
import type { QuarantineStore } from '@bulkhead/records/quarantine';
import type { RetentionState } from '@bulkhead/store';
import type { WebhookStore } from '@bulkhead/webhooks';
import type { MonitoringStore } from './monitoring.feature.ts';

/** The repositories and figures that monitoring reads. */
export type MonitoredStores = MonitoringStore &
  ScheduleStores &
  QuarantineStore &
  DocumentStore &
  WebhookStore & {
    readonly listRetentionStates: () => Promise<RetentionState[]>;
    /** The version and the clock of MongoDB. */
    readonly server: () => Promise<{ readonly version: string; readonly now: Date }>;
  };
