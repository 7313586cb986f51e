import type { DataAmounts } from '../erasure.ts';

/** What one kind of erasure does. Every part can be repeated after a crash. */
export interface ErasureWork {
  /** Stops what writes. Once it has ended, `found` is counted. */
  stop(): Promise<void>;
  count(): Promise<DataAmounts>;
  /** Deletes once over everything. @returns how many records it deleted or changed */
  pass(onDeleted: (amounts: DataAmounts) => Promise<void>): Promise<number>;
}
