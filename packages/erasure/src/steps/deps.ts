import type { BulkExportDeps } from '@bulkhead/bulk-export/steps';
import type { SyncDeps } from '@bulkhead/sync/steps';
import type { DataAmounts } from '../erasure.record.ts';
import type { ErasureStore } from '../index.ts';
import type { RetainedKind } from '../retention/create-retention.ts';

/** The dependencies of the steps of this feature. An erasure also stops exports and syncs, so it needs theirs. */
export interface ErasureDeps extends Omit<BulkExportDeps, 'store'>, Omit<SyncDeps, 'store'> {
  readonly store: ErasureStore & BulkExportDeps['store'] & SyncDeps['store'];
  readonly retentionDays: RetentionDays;
  /**
   * The minimal time between stopping the work for a connection and the last pass of its erasure. It is longer than the gate caches its
   * lists plus the time of a write that had already begun.
   */
  readonly erasureSettleMs: number;
}

/** How many days each kind of record is kept. 0 means forever. */
export type RetentionDays = Readonly<Record<RetainedKind, number>>;

/** The parts of an erasure, for one kind. Every part can be repeated after a crash. */
export interface ErasureWork {
  /** Stops all work that writes. `found` is counted after it. */
  stop(): Promise<void>;
  count(): Promise<DataAmounts>;
  /** Runs one pass over everything. @returns how many records it deleted or changed */
  pass(onDeleted: (amounts: DataAmounts) => Promise<void>): Promise<number>;
}
