export interface TrafficSummary {
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
