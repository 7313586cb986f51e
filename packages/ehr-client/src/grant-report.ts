import type { Arrival, BudgetDesk } from './budget-desk.ts';

/**
 * What became of grants, told with the next question, or by itself where none comes soon. Until it is told, a request counts as
 * arriving as late as it could: that is safe, and so is what a process leaves untold at its end.
 */
export class GrantReport {
  readonly #desk: BudgetDesk;
  readonly #withinMs: number;
  #arrivals: Arrival[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor({ desk, withinMs }: { readonly desk: BudgetDesk; readonly withinMs: number }) {
    this.#desk = desk;
    this.#withinMs = withinMs;
  }

  arrived(arrival: Arrival): void {
    this.#arrivals.push(arrival);
    this.#timer ??= setTimeout(() => void this.#tell({}), this.#withinMs).unref();
  }

  /** Perhaps later than it counts as: told at once, as nobody reckons with it. */
  arrivedLate(arrival: Arrival): void {
    void this.#tell({ late: [arrival] });
  }

  /** Told at once: others may use the place. */
  unused(grantIds: readonly string[]): void {
    if (grantIds.length > 0) void this.#tell({ unused: grantIds });
  }

  /** Nothing waits here any more. */
  leavesRow(): void {
    void this.#tell({ leavesRow: true });
  }

  /** For a question that takes them along. */
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

  async #tell({
    late = [],
    unused = [],
    leavesRow = false,
  }: {
    readonly late?: readonly Arrival[];
    readonly unused?: readonly string[];
    readonly leavesRow?: boolean;
  }): Promise<void> {
    try {
      await this.#desk.tell({ arrivals: this.takeArrivals(), late, unused, leavesRow });
    } catch {
      // Redis is away: see above.
    }
  }
}
