import type { AuditStore } from '@bulkhead/access/audit';
import type { Logger } from '@bulkhead/base';
import type { JobContext } from '@bulkhead/queues';
import type { ResourceStore } from '@bulkhead/records';
import type { DataAmounts, FeatureData, FeatureWork, RetentionStep } from '@bulkhead/store';
import type { ErasureStore } from '../erasure.feature.ts';

/** The repositories that a step of this feature can use, and the parts of all features. */
interface Repositories extends ErasureStore, Pick<ResourceStore, 'keptOut'>, Pick<AuditStore, 'auditEvents'> {
  readonly features: readonly FeatureData[];
  readonly retention: Readonly<Record<string, RetentionStep>>;
}

/** What a step of this feature gets: the repositories that it names, and the parts of its process. */
export interface ErasureDeps<Uses extends keyof Repositories> {
  readonly store: Pick<Repositories, Uses>;
  readonly work: readonly FeatureWork[];
  readonly logger: Logger;
  readonly now: () => Date;
  /** How many days each kind of record is kept. 0 means forever. */
  readonly retentionDays: Readonly<Record<string, number>>;
  /** Told how many records of a kind retention has deleted. */
  readonly onRetained?: ((kind: string, deleted: number) => void) | undefined;
  /** The clock of the database. A worker's clock that is ahead would delete what readers of histories still need. */
  readonly databaseNow: () => Promise<Date>;
  /**
   * The minimal time between stopping the work for a connection and the last pass of its erasure, for a write that MongoDB had received from
   * a process that no longer exists.
   */
  readonly erasureSettleMs: number;
}

export interface ErasureStep {
  readonly erasureId: string;
  readonly signal: AbortSignal;
  readonly progress: JobContext['progress'];
}

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
