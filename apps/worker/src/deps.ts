import type { AuditHeadDeps } from '@bulkhead/audit/steps';
import type { BulkExportDeps } from '@bulkhead/bulk-export/steps';
import type { ConnectionDeps } from '@bulkhead/connections/steps';
import type { DocumentDeps } from '@bulkhead/documents/steps';
import type { ErasureDeps } from '@bulkhead/erasure/steps';
import type { HistoryDeps, SweepDeps } from '@bulkhead/monitoring/steps';
import type { ReplayDeps } from '@bulkhead/quarantine/steps';
import type { ScheduleDeps } from '@bulkhead/schedules/steps';
import type { SyncDeps } from '@bulkhead/sync/steps';
import type { RetainedKind, Store } from '@bulkhead/system';
import type { WebhookDeps } from '@bulkhead/webhooks/steps';

/** The dependencies of the steps of all features. */
export interface WorkerDeps
  extends Omit<
    ConnectionDeps &
      DocumentDeps &
      WebhookDeps &
      BulkExportDeps &
      SyncDeps &
      ScheduleDeps &
      ErasureDeps &
      HistoryDeps &
      SweepDeps &
      ReplayDeps &
      AuditHeadDeps,
    'store' | 'retentionDays'
  > {
  readonly store: Store;
  readonly retentionDays: Readonly<Record<RetainedKind, number>>;
}
