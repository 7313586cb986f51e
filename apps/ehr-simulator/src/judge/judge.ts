import type { Request } from 'express';
import type { Clock } from '../clock.ts';
import type { SimulatorOptions } from '../options.ts';
import type { RecordedRequest } from './recorded-request.ts';
import { Ring } from './ring.ts';
import { SlidingLog } from './sliding-log.ts';
import { type Violation, type ViolationKind, violationKinds } from './violation.ts';

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
