import type { BulkExportDeps } from '@bulkhead/bulk-export/steps';
import type { SyncDeps } from '@bulkhead/sync/steps';
import type { DataAmounts } from '../erasure.record.ts';
import type { RetainedKind } from '../retention/create-retention.ts';
import type { ErasureStore } from '../store.ts';

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

/** How many days each kind of record is kept; 0: for ever. */
export type RetentionDays = Readonly<Record<RetainedKind, number>>;

/** What one kind of erasure does. Every part can be repeated after a crash. */
export interface ErasureWork {
  /** Stops what writes. Once it has ended, `found` is counted. */
  stop(): Promise<void>;
  count(): Promise<DataAmounts>;
  /** Deletes once over everything. @returns how many records it deleted or changed */
  pass(onDeleted: (amounts: DataAmounts) => Promise<void>): Promise<number>;
}
