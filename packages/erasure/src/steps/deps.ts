import type { BulkExportDeps } from '@bulkhead/bulk-export/steps';
import type { SyncDeps } from '@bulkhead/sync/steps';
import type { ErasureStore } from '../store.ts';
import type { RetentionDays } from './retention-days.ts';

/** What the steps of this feature work with: an erasure also stops exports and syncs. */
export interface ErasureDeps extends Omit<BulkExportDeps, 'store'>, Omit<SyncDeps, 'store'> {
  readonly store: ErasureStore & BulkExportDeps['store'] & SyncDeps['store'];
  readonly retentionDays: RetentionDays;
  /**
   * How long after the work for it was stopped the last pass of an erasure begins: longer than the store keeps what may be written,
   * and than a write that was under way takes.
   */
  readonly erasureSettleMs: number;
}
