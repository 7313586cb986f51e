import type { Connection } from '@bulkhead/connections';
import type { BulkExport } from '@bulkhead/imports/export';
import type { NewestRun } from '@bulkhead/imports/runs';
import type { Schedule } from '@bulkhead/imports/schedules';
import type { SyncRun } from '@bulkhead/imports/sync';
import type { QueueFigures } from '@bulkhead/queues';
import type { WebhookReceiver } from '@bulkhead/webhooks';
import type { ProcessState } from '../processes/process-state.record.ts';

/**
 * What a process sees of the databases, the queues and the other processes. It costs the same however much is stored. A part that could not
 * be read is undefined.
 */
export interface ProcessSnapshot {
  /**
   * The faults of the settings of Redis, and the code of the error if it refuses commands or cannot be reached. Undefined if it does not
   * answer.
   */
  readonly redis: { readonly faults: readonly string[]; readonly error?: string } | undefined;
  /** The version of MongoDB, and by how much its clock differs from ours. Undefined if it does not answer. */
  readonly mongodb: { readonly version: string; readonly skewMs: number } | undefined;
  /** From `exposedConnections` and `unwrapKeys`. */
  readonly configuration: { readonly exposed: readonly string[]; readonly encryptionKeySource: string };
  readonly processes: readonly ProcessState[] | undefined;
  readonly isSweepScheduled: boolean | undefined;
  readonly queues: readonly QueueFigures[] | undefined;
  /** The number of jobs that have failed for good in the last half hour, by name. */
  readonly failedJobs: ReadonlyMap<string, number> | undefined;
}

/** What is stored about the connections. A part that could not be read is undefined. */
export interface DataSnapshot {
  readonly exports: RunSnapshot<BulkExport> | undefined;
  readonly syncRuns: RunSnapshot<SyncRun> | undefined;
  /** The schedules that are not paused. */
  readonly schedules: readonly Schedule[] | undefined;
  /** The lag of each connection. */
  readonly lags:
    | readonly { readonly connectionId: string; readonly lagMs: number; readonly isScheduled: boolean }[]
    | undefined;
  readonly connections:
    | readonly Pick<Connection, 'id' | 'name' | 'createdAt' | 'needsAuthorization' | 'lastTest'>[]
    | undefined;
  readonly budgets: readonly BudgetSnapshot[] | undefined;
  /** The open lines of the last day, the newest first. At most 1,000. */
  readonly quarantine:
    | readonly { readonly connectionId: string; readonly reason: string; readonly createdAt: Date }[]
    | undefined;
  /** The failures of the last day, the last first. At most 1,000. */
  readonly documents:
    | readonly {
        readonly connectionId: string;
        readonly completedAt?: Date;
        readonly error?: { readonly code: string };
      }[]
    | undefined;
  /** The calls of the last two days, by their receivers. */
  readonly webhooks: readonly WebhookReceiver[] | undefined;
}

export type HealthSnapshot = ProcessSnapshot & DataSnapshot;

export interface RunSnapshot<Run> {
  /** The newest run of each connection that has ended and was not cancelled. */
  readonly newest: readonly NewestRun<Run>[];
  /** The failures of the last day. */
  readonly failed: readonly Run[];
  /** The oldest active runs. */
  readonly active: readonly Run[];
}

export interface BudgetSnapshot {
  readonly name: string;
  readonly dayRatio: number;
  readonly pausedMs: number;
  readonly pauseReason: string | undefined;
}
