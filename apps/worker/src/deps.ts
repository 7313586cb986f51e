import type { ChainPosition } from '@bulkhead/audit';
import type { BulkExportDeps } from '@bulkhead/bulk-export/steps';
import type { ConnectionDeps } from '@bulkhead/connections/steps';
import type { DocumentDeps } from '@bulkhead/documents/steps';
import type { ErasureDeps } from '@bulkhead/erasure/steps';
import type { HistoryDeps } from '@bulkhead/monitoring/steps';
import type { ScheduleDeps } from '@bulkhead/schedules/steps';
import type { SyncDeps } from '@bulkhead/sync/steps';
import type { RetainedKind, Store } from '@bulkhead/system';
import type { WebhookDeps } from '@bulkhead/webhooks/steps';

/** The dependencies of the steps of all features. */
export interface WorkerDeps
  extends Omit<
    ConnectionDeps & DocumentDeps & WebhookDeps & BulkExportDeps & SyncDeps & ScheduleDeps & ErasureDeps & HistoryDeps,
    'store' | 'retentionDays'
  > {
  readonly store: Store;
  readonly retentionDays: Readonly<Record<RetainedKind, number>>;
  /** Undefined if events are not sent off the host. */
  readonly sendAuditHead?: ((head: ChainPosition) => void) | undefined;
}
