import type { Logger } from '../logs/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface EventLoopState {
  /** How often the event loop was blocked for longer than the limit since the process started. */
  readonly stalls: number;
  readonly longestStallMs: number;
  readonly lastStallEndedAt?: string;
}

/** Orchestrators and load balancers give up a health check after about 5 s. */
const stallLimitMs = 5000;
/** Short compared to the limit, so that a stall is measured well, and rare enough to cost nothing. */
const tickMs = 500;

/**
 * Detects afterwards that the event loop was blocked for longer than the limit, for example by a slow regular expression or parser,
 * or because the machine had no CPU time. `/health` cannot answer during a stall. The freeze guard reports it from its own thread.
 */
export class EventLoopMonitor {
  readonly #timer: NodeJS.Timeout;
  #state: EventLoopState = { stalls: 0, longestStallMs: 0 };

  constructor({
    metrics,
    logger,
    limitMs = stallLimitMs,
  }: {
    readonly metrics: Metrics;
    readonly logger: Logger;
    readonly limitMs?: number;
  }) {
    const count = metrics.counter({
      name: 'bulkhead_event_loop_stalls_total',
      help: 'How often the event loop was blocked for more than 5 seconds.',
    });
    metrics.readGauge({
      name: 'bulkhead_event_loop_longest_stall_seconds',
      help: 'The longest time that the event loop was blocked, if it was more than 5 seconds; otherwise 0.',
      read: async () => [{ labels: {}, value: this.#state.longestStallMs / 1000 }],
    });
    let tickedAt = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      const stalledMs = Math.round(now - tickedAt - tickMs);
      tickedAt = now;
      if (stalledMs < limitMs) return;
      count({});
      logger.warn('event loop stalled', { durationMs: stalledMs });
      this.#state = {
        stalls: this.#state.stalls + 1,
        longestStallMs: Math.max(this.#state.longestStallMs, stalledMs),
        lastStallEndedAt: new Date().toISOString(),
      };
    }, tickMs).unref();
  }

  get state(): EventLoopState {
    return this.#state;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
