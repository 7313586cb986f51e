import type { Request } from 'express';
import type { Clock } from '../options/clock.ts';
import type { SimulatorOptions } from '../options/options.ts';
import { Ring, SlidingLog } from './bounded-logs.ts';

const violationKinds = ['rate', 'day', 'token', 'headers'] as const;
export type ViolationKind = (typeof violationKinds)[number];

/** Something that a well-behaved client never does. */
interface Violation {
  readonly kind: ViolationKind;
  /** A fixed text for each rule, so that tests and people can group by it. */
  readonly reason: string;
  readonly method: string;
  readonly path: string;
  readonly arrivedAtMs: number;
}

/**
 * A recorded request. Values of queries and tokens are omitted because they hold patient ids, signatures and secrets.
 */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly onFileHost: boolean;
  /** Monotonic time in ms. Subtract two of them to get a gap. */
  readonly arrivedAtMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the request had a token or a secret. */
  readonly authorized: boolean;
  /** The parameter names of the query, or of a kick-off's Parameters resource once its body was read. */
  parameters: readonly string[];
  /** Undefined while the request is being answered. */
  status?: number;
  /** Bytes on the wire, including the head. */
  bytesSent?: number;
  durationMs?: number;
  /** Whether the whole answer was sent. */
  complete?: boolean;
}

const dayMs = 24 * 60 * 60 * 1000;

/** Records the client's requests and violations. */
export class TrafficRecorder {
  readonly requests: Ring<RecordedRequest>;
  readonly violations: Ring<Violation>;
  readonly #clock: Clock;
  readonly #window: SlidingLog;
  readonly #day: SlidingLog;
  #violationCounts = noViolations();

  constructor({ options, clock }: { readonly options: SimulatorOptions; readonly clock: Clock }) {
    this.#clock = clock;
    this.requests = new Ring(options.recordedRequests);
    this.violations = new Ring(options.recordedRequests);
    this.#window = new SlidingLog({ limit: options.rateWindowRequests, windowMs: options.rateWindowMs });
    this.#day = new SlidingLog({ limit: options.requestsPerDay, windowMs: dayMs });
  }

  get countsByKind(): Readonly<Record<ViolationKind, number>> {
    return this.#violationCounts;
  }

  /**
   * Counts a request against both limits. Rejected requests count too, because the limit is on arrivals. If this
   * process was blocked, a request may have arrived before it was observed, so only certain violations are recorded.
   */
  arrive({ req, atMs }: { readonly req: Request; readonly atMs: number }) {
    const arrival = { atMs, sinceMs: atMs - this.#clock.lateness() };
    const inWindow = this.#window.arrive(arrival);
    const inDay = this.#day.arrive(arrival);
    if (inWindow) this.recordViolation({ req, kind: 'rate', reason: `more than ${this.#limitText(this.#window)}` });
    if (inDay) this.recordViolation({ req, kind: 'day', reason: `more than ${this.#limitText(this.#day)}` });
    const waitMs = Math.max(inDay ? this.#day.waitMs(atMs) : 0, this.#window.waitMs(atMs));
    /** When the client should try again. */
    const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
    return { breach: inWindow || inDay, retryAfterSeconds };
  }

  recordViolation(options: { readonly req: Request; readonly kind: ViolationKind; readonly reason: string }): void {
    const { req, kind, reason } = options;
    this.#violationCounts[kind] += 1;
    this.violations.push({
      kind,
      reason,
      method: req.method,
      path: req.path,
      arrivedAtMs: this.#clock.monotonic(),
    });
  }

  /** The headers that clients should watch according to the integration guide. */
  rateHeaders(): Record<string, string> {
    const nowMs = this.#clock.monotonic();
    return {
      'x-ratelimit-limit': String(this.#window.limit),
      'x-ratelimit-remaining': String(this.#window.remaining(nowMs)),
      'x-ratelimit-reset': String(Math.ceil(this.#window.waitMs(nowMs) / 1000)),
    };
  }

  clearViolations(): void {
    this.violations.clear();
    this.#violationCounts = noViolations();
  }

  #limitText({ limit, windowMs }: SlidingLog): string {
    return `${limit} requests in ${windowMs / 1000} s`;
  }
}

function noViolations(): Record<ViolationKind, number> {
  return Object.fromEntries(violationKinds.map((kind) => [kind, 0])) as Record<ViolationKind, number>;
}

/** Totals over all requests since the start or the last reset, including those that the ring has dropped. */
export class TrafficStats {
  #requests = 0;
  #bytesSent = 0;
  readonly #statuses = new Map<number, number>();

  count({ status, bytes }: { readonly status: number; readonly bytes: number }): void {
    this.#requests += 1;
    this.#bytesSent += bytes;
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
  }

  /** `statuses` counts the answered requests by status code. */
  summary() {
    const requests = this.#requests;
    const bytesSent = this.#bytesSent;
    const statuses = this.#statuses;
    return { requests, bytesSent, statuses: Object.fromEntries(statuses) };
  }

  clear(): void {
    this.#requests = 0;
    this.#bytesSent = 0;
    this.#statuses.clear();
  }
}
