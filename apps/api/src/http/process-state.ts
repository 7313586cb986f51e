import type { createHealth, Metrics } from '@bulkhead/runtime';
import type { EventStreams } from './events/event-streams.ts';
import type { RefusedAttempts } from './refused-attempts.ts';

/** What endpoints use of the process that they run in. */
export interface ProcessState {
  readonly health: ReturnType<typeof createHealth>;
  readonly metrics: Metrics;
  readonly refusedAttempts: RefusedAttempts;
  readonly streams: EventStreams;
  /** Aborts if the process is to stop. */
  readonly stopping: AbortSignal;
}
