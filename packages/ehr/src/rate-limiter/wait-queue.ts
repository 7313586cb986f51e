import { ArrivalReporter } from './arrival-reporter.ts';
import {
  batchSize,
  dayShares,
  type Grant,
  type RateLimit,
  type RequestPriority,
  requestPriorities,
  urgentInARow,
} from './budget.ts';
import type { BudgetClient, Reservation } from './budget-client.ts';
import { limiterError } from './errors.ts';
import { type ReservedSlot, ReservedSlots } from './reserved-slots.ts';

interface Waiter {
  readonly priority: RequestPriority;
  readonly resolve: (grant: Grant) => void;
  readonly reject: (error: unknown) => void;
}

/** The priority for which the next slots are reserved. */
interface Candidate {
  readonly priority: RequestPriority;
  /** More urgent requests wait too, and are passed over this time. */
  readonly isBehind: boolean;
}

/** A job should not wait longer than this in memory. It returns to its queue, and its slot serves another connection. */
const longestWaitMs = 15 * 60_000;
/** Ask again at least this often, so that monitoring stays current and lost Redis state is noticed. */
const longestSleepMs = 10_000;
/** Redis answers in under a millisecond. After an error it may be restarting. */
const errorWaitMs = 500;

/**
 * The requests of this process that wait for one budget. Only one reservation is in flight at a time. It is for the most urgent
 * requests, and every eighth slot is for requests behind them: a thousand waiting downloads cost no more commands than one, and a
 * thousand polls do not starve them. A reservation returns slots, some of them in the near future. When a slot's time has come,
 * the most urgent waiting request gets it.
 */
export class WaitQueue {
  readonly #client: BudgetClient;
  readonly #rateLimit: () => RateLimit;
  readonly #reporter: ArrivalReporter;
  readonly #waiters: Waiter[][] = requestPriorities.map(() => []);
  readonly #slots = new ReservedSlots({ onReady: (slot) => this.#use(slot) });
  #running = false;
  /** Redis knows that this process has waiting requests. */
  #isQueued = false;
  /** The next reservation waits for more requests. */
  #isGathering = false;
  /** Slots for the most urgent requests since the last slot for a request behind them. */
  #urgentSlots = 0;
  #isSleepEnded = false;
  #isClosed = false;
  #wake: (() => void) | undefined;

  constructor({ client, rateLimit }: { readonly client: BudgetClient; readonly rateLimit: () => RateLimit }) {
    this.#client = client;
    this.#rateLimit = rateLimit;
    // The slot that depends on an arrival is given away half a window later at the earliest. By then a reservation has usually
    // reported the arrival at no extra cost.
    this.#reporter = new ArrivalReporter({ client, withinMs: () => rateLimit().windowMs / 2 });
  }

  enter({ priority, signal }: { priority: RequestPriority; signal?: AbortSignal | undefined }): Promise<Grant> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const leave = () => {
        this.#remove(waiter);
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        priority,
        resolve: (grant) => {
          signal?.removeEventListener('abort', leave);
          resolve(grant);
        },
        reject: (error) => {
          signal?.removeEventListener('abort', leave);
          reject(error);
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      const isMostUrgent = this.#waiters.slice(0, requestPriorities.indexOf(priority) + 1).every(isEmpty);
      this.#waitersOf(priority).push(waiter);
      if (isMostUrgent || this.#isGathering) this.#endSleep();
      if (!this.#running) void this.#run();
    });
  }

  /** Gives all reserved slots back and asks for new ones, because the EHR wants no requests for a while. */
  releaseReserved(): void {
    this.#reporter.unused(this.#slots.removeAll());
    if (!this.#running) void this.#run();
  }

  close(): void {
    this.#isClosed = true;
    this.#reporter.unused(this.#slots.removeAll());
    this.#reporter.close();
    this.#endSleep();
  }

  async #run(): Promise<void> {
    this.#running = true;
    // Requests that enter in the same tick share one reservation.
    await undefined;
    for (let next = this.#next(); next && !this.#isClosed; next = this.#next()) {
      this.#isSleepEnded = false;
      const gatherMs = this.#gatherMs(next);
      this.#isGathering = gatherMs > 0;
      const waitMs = this.#isGathering ? gatherMs : await this.#reserve(next);
      if (waitMs > 0 && !this.#isSleepEnded) await this.#sleep(Math.min(waitMs, longestSleepMs));
    }
    this.#running = false;
    // Other processes must not wait for requests that were served or have left.
    if (!this.#isQueued || this.#isClosed) return;
    this.#isQueued = false;
    this.#reporter.leavesQueue();
  }

  /**
   * While slots are reserved and fewer requests wait than one reservation serves, the next reservation waits until the last slot is
   * used and its answer has had some time to arrive. It then also reserves for the senders that have become ready again, and other
   * processes see their number.
   */
  #gatherMs({ priority }: Candidate): number {
    const lastReadyAt = this.#slots.lastReadyAt(priority);
    const waiting = this.#unserved()[requestPriorities.indexOf(priority)] ?? 0;
    if (lastReadyAt === undefined || this.#isQueued || waiting >= batchSize(this.#rateLimit())) return 0;
    const { windowMs, limit } = this.#rateLimit();
    // The slot after our last one is a full interval away, so half an interval costs no slot.
    return lastReadyAt + windowMs / limit / 2 - performance.now();
  }

  /** @returns how long to wait before the next reservation. */
  async #reserve({ priority, isBehind }: Candidate): Promise<number> {
    const requestedAt = performance.now();
    let reservation: Reservation;
    try {
      const arrivals = this.#reporter.takeArrivals();
      reservation = await this.#client.reserve({ priority, waiting: this.#unserved(), arrivals });
    } catch {
      // Redis is unavailable. Requests wait. The health check of the process reports it.
      return errorWaitMs;
    }
    const { slots, reason, waitMs, now } = reservation;
    for (const { grantId, waitMs: slotMs } of slots) {
      const readyAt = performance.now() + slotMs;
      // Half of the guard may pass until the slot is used. The other half is for the request's way to the server.
      const latestAt = requestedAt + slotMs + this.#rateLimit().guardMs / 2;
      this.#slots.add({ grantId, priority, isBehind, readyAt, latestAt, aheadMs: now - requestedAt });
    }
    this.#isQueued = waitMs > 0 && reason !== 'day';
    // The day is used up for this priority. Others may still have a part of it, and must not wait behind it.
    if (reason === 'day') this.#reject(reservation, (other) => dayShares[other] <= dayShares[priority]);
    else if (waitMs > longestWaitMs) this.#reject(reservation, () => true);
    if (slots.length > 0) this.#urgentSlots = isBehind ? 0 : this.#urgentSlots + slots.length;
    if (reason === 'day') return 0;
    if (!isBehind || reason !== 'yield') return waitMs;
    // Another process has just used the slot for requests behind. This process gets one later.
    this.#urgentSlots = 0;
    return 0;
  }

  #use(slot: ReservedSlot): void {
    const { grantId, priority, isBehind, latestAt, aheadMs } = slot;
    const waiter = (isBehind && this.#waitersOf(priority)[0]) || this.#head();
    if (!waiter || performance.now() > latestAt) {
      this.#reporter.unused([grantId]);
      if (!this.#running) void this.#run();
      return;
    }
    this.#remove(waiter);
    const settle: Grant['settle'] = ({ madeConnection } = { madeConnection: false }) => {
      const arrival = { grantId, at: performance.now() + aheadMs };
      // Opening the connection may have delayed the request beyond its slot.
      if (madeConnection && performance.now() > latestAt) this.#reporter.arrivedLate(arrival);
      else this.#reporter.arrived(arrival);
    };
    waiter.resolve({ settle });
  }

  #reject({ waitMs, reason }: Reservation, isMeant: (priority: RequestPriority) => boolean): void {
    for (const waiter of this.#waiters.flat().filter(({ priority }) => isMeant(priority))) {
      this.#remove(waiter);
      waiter.reject(
        limiterError(reason === 'day' ? 'daily-budget-used' : 'rate-paused', {
          retry: { afterMs: waitMs },
          context: { waitMs, reason },
        }),
      );
    }
  }

  #head(): Waiter | undefined {
    return this.#waiters.find((waiters) => waiters.length > 0)?.[0];
  }

  /** How many requests have no reserved slot, by priority. */
  #unserved(): number[] {
    return requestPriorities.map((priority, index) =>
      Math.max((this.#waiters[index]?.length ?? 0) - this.#slots.count(priority), 0),
    );
  }

  /** The most urgent priority or, after `urgentInARow` slots, the next one that has requests without a slot. */
  #next(): Candidate | undefined {
    const unserved = this.#unserved();
    const [urgent, behind] = requestPriorities.filter((_, index) => (unserved[index] ?? 0) > 0);
    if (!urgent) return undefined;
    const isBehind = behind !== undefined && this.#urgentSlots >= urgentInARow;
    return { priority: isBehind ? behind : urgent, isBehind };
  }

  #waitersOf(priority: RequestPriority): Waiter[] {
    return this.#waiters[requestPriorities.indexOf(priority)] ?? [];
  }

  #remove(waiter: Waiter): void {
    const waiters = this.#waitersOf(waiter.priority);
    const index = waiters.indexOf(waiter);
    if (index < 0) return;
    waiters.splice(index, 1);
    if (this.#isQueued && !this.#next()) this.#endSleep();
  }

  /** Ends the present sleep, because the reason for it has changed. */
  #endSleep(): void {
    this.#isSleepEnded = true;
    this.#wake?.();
  }

  async #sleep(waitMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, waitMs);
    });
    clearTimeout(timer);
    this.#wake = undefined;
  }
}

function isEmpty(waiters: readonly Waiter[]): boolean {
  return waiters.length === 0;
}
