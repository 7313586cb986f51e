import type { Request } from 'express';
import type { Clock } from '../options/clock.ts';
import type { SimulatorOptions } from '../options/options.ts';
import { Ring, SlidingLog } from './bounded-logs.ts';

const violationKinds = ['rate', 'day', 'token', 'headers'] as const;
type ViolationKind = (typeof violationKinds)[number];

/** Something that a well-behaved client never does. */
interface Violation {
  readonly kind: ViolationKind;
  /** A fixed text for each rule, so that tests and people can group by it. */
  readonly reason: string;
  readonly method: string;
  readonly path: string;
  readonly arrivedAtMs: number;
}

/** A request as the judge saw it. Values of queries and tokens are left out: they hold patient ids, signatures, secrets. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly onFileHost: boolean;
  /** Monotonic, ms: subtract to get gaps. */
  readonly arrivedAtMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether a token or a secret was sent. */
  readonly authorized: boolean;
  /** Names, of the query or of a kick-off's Parameters resource; the latter once it was read. */
  parameters: readonly string[];
  /** Undefined while it is being answered. */
  status?: number;
  /** On the wire, head included. */
  bytesSent?: number;
  durationMs?: number;
  /** Whether the whole answer went out. */
  complete?: boolean;
}

const dayMs = 24 * 60 * 60 * 1000;

export interface Verdict {
  readonly breach: boolean;
  /** When it makes sense to try again, s. */
  readonly retryAfterSeconds: number;
}

/** Records what the client did and what it should not have done. */
export class Judge {
  readonly requests: Ring<RecordedRequest>;
  readonly violations: Ring<Violation>;
  private readonly clock: Clock;
  private readonly window: SlidingLog;
  private readonly day: SlidingLog;
  private violationCounts = noViolations();

  constructor({ options, clock }: { readonly options: SimulatorOptions; readonly clock: Clock }) {
    this.clock = clock;
    this.requests = new Ring(options.recordedRequests);
    this.violations = new Ring(options.recordedRequests);
    this.window = new SlidingLog({ limit: options.rateWindowRequests, windowMs: options.rateWindowMs });
    this.day = new SlidingLog({ limit: options.requestsPerDay, windowMs: dayMs });
  }

  get countsByKind(): Readonly<Record<ViolationKind, number>> {
    return this.violationCounts;
  }

  /**
   * Counts an arrival against both limits; rejected requests count too, as the rule speaks of arrivals. Where this process stood
   * still, a request may have come before it was seen: the client is blamed only for what it has certainly done.
   */
  arrive({ req, atMs }: { readonly req: Request; readonly atMs: number }): Verdict {
    const arrival = { atMs, sinceMs: atMs - this.clock.lateness() };
    const inWindow = this.window.arrive(arrival);
    const inDay = this.day.arrive(arrival);
    if (inWindow) this.violate({ req, kind: 'rate', reason: `more than ${this.limitText(this.window)}` });
    if (inDay) this.violate({ req, kind: 'day', reason: `more than ${this.limitText(this.day)}` });
    const waitMs = Math.max(inDay ? this.day.waitMs(atMs) : 0, this.window.waitMs(atMs));
    return { breach: inWindow || inDay, retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) };
  }

  violate({
    req,
    kind,
    reason,
  }: {
    readonly req: Request;
    readonly kind: ViolationKind;
    readonly reason: string;
  }): void {
    this.violationCounts[kind] += 1;
    this.violations.push({
      kind,
      reason,
      method: req.method,
      path: req.path,
      arrivedAtMs: this.clock.monotonic(),
    });
  }

  /** The headers that the guide tells clients to watch. */
  rateHeaders(): Record<string, string> {
    const nowMs = this.clock.monotonic();
    return {
      'x-ratelimit-limit': String(this.window.limit),
      'x-ratelimit-remaining': String(this.window.remaining(nowMs)),
      'x-ratelimit-reset': String(Math.ceil(this.window.waitMs(nowMs) / 1000)),
    };
  }

  clearViolations(): void {
    this.violations.clear();
    this.violationCounts = noViolations();
  }

  private limitText({ limit, windowMs }: SlidingLog): string {
    return `${limit} requests in ${windowMs / 1000} s`;
  }
}

function noViolations(): Record<ViolationKind, number> {
  return Object.fromEntries(violationKinds.map((kind) => [kind, 0])) as Record<ViolationKind, number>;
}

interface TrafficSummary {
  readonly requests: number;
  readonly bytesSent: number;
  /** Answered requests by status code. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** Sums over all requests since the start or the last reset, however few of them the ring still holds. */
export class TrafficStats {
  private requests = 0;
  private bytesSent = 0;
  private readonly statuses = new Map<number, number>();

  count({ status, bytes }: { readonly status: number; readonly bytes: number }): void {
    this.requests += 1;
    this.bytesSent += bytes;
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
  }

  summary(): TrafficSummary {
    const { requests, bytesSent, statuses } = this;
    return { requests, bytesSent, statuses: Object.fromEntries(statuses) };
  }

  clear(): void {
    this.requests = 0;
    this.bytesSent = 0;
    this.statuses.clear();
  }
}
