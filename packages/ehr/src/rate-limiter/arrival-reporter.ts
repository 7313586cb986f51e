import type { Arrival, BudgetClient } from './budget-client.ts';

/**
 * Reports to Redis how grants were used, with the next reservation or, if there is none soon, with a separate command. A request
 * that is not reported counts as arriving as late as it could, so a process that dies without a report breaks no limit.
 */
export class ArrivalReporter {
  readonly #client: BudgetClient;
  readonly #withinMs: () => number;
  #arrivals: Arrival[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor({ client, withinMs }: { readonly client: BudgetClient; readonly withinMs: () => number }) {
    this.#client = client;
    this.#withinMs = withinMs;
  }

  arrived(arrival: Arrival): void {
    this.#arrivals.push(arrival);
    this.#timer ??= setTimeout(() => void this.#report({}), this.#withinMs()).unref();
  }

  /** The request may have arrived later than the log says. This is reported immediately, because other processes do not expect it. */
  arrivedLate(arrival: Arrival): void {
    void this.#report({ late: [arrival] });
  }

  /** Reported immediately, so that other processes can use the slots. */
  unused(grantIds: readonly string[]): void {
    if (grantIds.length > 0) void this.#report({ unused: grantIds });
  }

  /** This process has no waiting requests left. */
  leavesQueue(): void {
    void this.#report({ leavesQueue: true });
  }

  /** Takes the arrivals that the next reservation will report. */
  takeArrivals(): Arrival[] {
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    this.close();
    return arrivals;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #report({
    late = [],
    unused = [],
    leavesQueue = false,
  }: {
    readonly late?: readonly Arrival[];
    readonly unused?: readonly string[];
    readonly leavesQueue?: boolean;
  }): Promise<void> {
    try {
      await this.#client.report({ arrivals: this.takeArrivals(), late, unused, leavesQueue });
    } catch {
      // Redis is unavailable. An unreported request counts as late as it could have arrived.
    }
  }
}
