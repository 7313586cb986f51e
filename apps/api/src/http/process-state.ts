import type { createHealth, Metrics } from '@bulkhead/runtime';

/** What endpoints use of the process that they run in. */
export interface ProcessState {
  readonly health: ReturnType<typeof createHealth>;
  readonly metrics: Metrics;
  /** Aborts if the process is to stop. */
  readonly stopping: AbortSignal;
}
