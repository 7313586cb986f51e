import type { BulkExportDeps } from '@bulkhead/bulk-export/steps';
import type { SyncDeps } from '@bulkhead/sync/steps';
import type { DataAmounts } from '../erasure.record.ts';
import type { ErasureStore } from '../index.ts';
import type { RetainedKind } from '../retention/create-retention.ts';

/** The dependencies of the steps of this feature. An erasure also stops exports and syncs, so it needs theirs. */
export interface ErasureDeps extends Omit<BulkExportDeps, 'store'>, Omit<SyncDeps, 'store'> {
  readonly store: ErasureStore & BulkExportDeps['store'] & SyncDeps['store'];
  readonly retentionDays: RetentionDays;
  /** The clock of the database. A worker's clock that is ahead would delete what readers of histories still need. */
  readonly databaseNow: () => Promise<Date>;
  /**
   * The minimal time between stopping the work for a connection and the last pass of its erasure, for a write that MongoDB had received from
   * a process that no longer exists.
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
  /**
   * Runs one pass over everything.
   * @param options.isLast whether no process can write any longer what the erasure deletes
   * @returns how many records it deleted or changed
   */
  pass(options: {
    readonly isLast: boolean;
    readonly onDeleted: (amounts: DataAmounts) => Promise<void>;
  }): Promise<number>;
}
