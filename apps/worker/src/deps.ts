import type { AuditHeadDeps } from '@bulkhead/access/audit/steps';
import type { ProbeDeps } from '@bulkhead/connections/steps';
import type { DocumentDeps } from '@bulkhead/documents/steps';
import type { ErasureDeps } from '@bulkhead/erasure/steps';
import type { BulkExportDeps } from '@bulkhead/imports/export/steps';
import type { ScheduleDeps } from '@bulkhead/imports/schedules/steps';
import type { SyncDeps } from '@bulkhead/imports/sync/steps';
import type { HealthDeps, HistoryDeps, SweepDeps } from '@bulkhead/monitoring/steps';
import type { ReplayDeps } from '@bulkhead/records/quarantine/steps';
import type { RetainedKind, Store } from '@bulkhead/system';
import type { WebhookDeps } from '@bulkhead/webhooks/steps';

/** The dependencies of the steps of all features. */
export interface WorkerDeps
  extends Omit<
    ProbeDeps<never> &
      DocumentDeps<never> &
      WebhookDeps<never> &
      BulkExportDeps<never> &
      SyncDeps<never> &
      ScheduleDeps<never> &
      ErasureDeps<never> &
      HealthDeps &
      HistoryDeps &
      SweepDeps &
      ReplayDeps &
      AuditHeadDeps,
    'store' | 'retentionDays'
  > {
  readonly store: Store;
  readonly retentionDays: Readonly<Record<RetainedKind, number>>;
}
