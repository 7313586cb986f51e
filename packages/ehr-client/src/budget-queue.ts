import { AppError } from '@bulkhead/domain';
import { batchSize } from './batch-size.ts';
import type { Answer, BudgetDesk } from './budget-desk.ts';
import type { Grant } from './grant.ts';
import { GrantReport } from './grant-report.ts';
import { type Place, PlacesAhead } from './places-ahead.ts';
import type { RateLimit } from './rate-limit.ts';
import { type RequestPriority, requestPriorities } from './request-priority.ts';
import { urgentInARow } from './urgent-in-a-row.ts';

interface Waiter {
  readonly priority: RequestPriority;
  readonly resolve: (grant: Grant) => void;
  readonly reject: (error: unknown) => void;
}

/** For whom to ask. */
interface Turn {
  readonly priority: RequestPriority;
  /** There is somebody more urgent, who is passed over this time. */
  readonly isBehind: boolean;
}

/** A wait that a job should not sit through: it goes back to the queue and its slot serves another connection. */
const longestWaitMs = 15 * 60_000;
/** Who looks on is told who waits, and Redis may have lost its memory: a turn that is further away is asked for again. */
const longestSleepMs = 10_000;
/** Redis answers in under a millisecond; after an error it may be restarting. */
const errorWaitMs = 500;

/**
 * The requests of this process that wait for one budget. One question to Redis is in flight at a time, for the most
 * urgent waiter, now and then for one behind it: a thousand waiting downloads cost no more than one, and a thousand polls do
 * not starve them. Its answer are places, some of them ahead; whoever is most urgent when a place's time has come gets it.
 */
export class BudgetQueue {
  readonly #desk: BudgetDesk;
  readonly #rateLimit: RateLimit;
  readonly #report: GrantReport;
  readonly #waiters: Waiter[][] = requestPriorities.map(() => []);
  readonly #places = new PlacesAhead({ onReady: (place) => this.#use(place) });
  #running = false;
  /** Redis holds a place in the row for us. */
  #isInRow = false;
  /** More may come before it is worth a question. */
  #isGathering = false;
  /** Places since the last one that went to a waiter behind. */
  #urgentPlaces = 0;
  #isNudged = false;
  #isClosed = false;
  #wake: (() => void) | undefined;

  constructor({ desk, rateLimit }: { readonly desk: BudgetDesk; readonly rateLimit: RateLimit }) {
    this.#desk = desk;
    this.#rateLimit = rateLimit;
    // The place that depends on an arrival is given away half a window later, at the earliest; by then a question may have told
    // it at no cost.
    this.#report = new GrantReport({ desk, withinMs: rateLimit.windowMs / 2 });
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
      if (isMostUrgent || this.#isGathering) this.#nudge();
      if (!this.#running) void this.#run();
    });
  }

  /** Everybody has been told to stop: places ahead are given back, and asked for anew. */
  giveBack(): void {
    this.#report.unused(this.#places.dropAll());
    if (!this.#running) void this.#run();
  }

  close(): void {
    this.#isClosed = true;
    this.#places.dropAll();
    this.#report.close();
    this.#nudge();
  }

  async #run(): Promise<void> {
    this.#running = true;
    // Those who come in one go are asked for in one question.
    await undefined;
    for (let next = this.#next(); next && !this.#isClosed; next = this.#next()) {
      this.#isNudged = false;
      const gatherMs = this.#gatherMs(next);
      this.#isGathering = gatherMs > 0;
      const waitMs = this.#isGathering ? gatherMs : await this.#step(next);
      if (waitMs > 0 && !this.#isNudged) await this.#sleep(Math.min(waitMs, longestSleepMs));
    }
    this.#running = false;
    // Nobody is to yield to those that were served or have left.
    if (!this.#isInRow || this.#isClosed) return;
    this.#isInRow = false;
    this.#report.leavesRow();
  }

  /**
   * While places are ahead and fewer wait than one question serves, the question waits until the last place is used and some
   * time for its answer has passed. Then it speaks for those who are back, and others reckon with what it says.
   */
  #gatherMs({ priority }: Turn): number {
    const lastReadyAt = this.#places.lastReadyAt(priority);
    const waiting = this.#unserved()[requestPriorities.indexOf(priority)] ?? 0;
    if (lastReadyAt === undefined || this.#isInRow || waiting >= batchSize(this.#rateLimit)) return 0;
    const { windowMs, limit } = this.#rateLimit;
    // Nobody gets the place after ours, which is a pace away, any earlier than this.
    return lastReadyAt + windowMs / limit / 2 - performance.now();
  }

  /** @returns how long to wait before asking again. */
  async #step({ priority, isBehind }: Turn): Promise<number> {
    const askedAt = performance.now();
    let answer: Answer;
    try {
      answer = await this.#desk.book({ priority, waiting: this.#unserved(), arrivals: this.#report.takeArrivals() });
    } catch {
      // Redis is away or restarting. Requests wait; the process's own health check reports it.
      return errorWaitMs;
    }
    const { places, reason, waitMs, now } = answer;
    for (const place of places) {
      const readyAt = performance.now() + place.waitMs;
      // A place is worth its time: half of the guard may pass until it is used, the other half is the request's way.
      const latestAt = askedAt + place.waitMs + this.#rateLimit.guardMs / 2;
      const { grantId } = place;
      this.#places.add({ grantId, priority, isBehind, readyAt, latestAt, aheadMs: now - askedAt });
    }
    this.#isInRow = waitMs > 0 && reason !== 'day';
    if (waitMs > longestWaitMs) this.#rejectAll(answer);
    if (places.length > 0) this.#urgentPlaces = isBehind ? 0 : this.#urgentPlaces + places.length;
    if (!isBehind || reason !== 'yield') return waitMs;
    // Elsewhere somebody who was behind has just had a turn: ours comes later.
    this.#urgentPlaces = 0;
    return 0;
  }

  #use(place: Place): void {
    const { grantId, priority, isBehind, latestAt, aheadMs } = place;
    const waiter = (isBehind && this.#waitersOf(priority)[0]) || this.#head();
    if (!waiter || performance.now() > latestAt) {
      this.#report.unused([grantId]);
      if (!this.#running) void this.#run();
      return;
    }
    this.#remove(waiter);
    const settle: Grant['settle'] = ({ madeConnection } = { madeConnection: false }) => {
      const arrival = { grantId, at: performance.now() + aheadMs };
      // It may have gone out when its place was worth nothing any more.
      if (madeConnection && performance.now() > latestAt) this.#report.arrivedLate(arrival);
      else this.#report.arrived(arrival);
    };
    waiter.resolve({ settle });
  }

  #rejectAll({ waitMs, reason }: Answer): void {
    for (const waiter of this.#waiters.flat()) {
      this.#remove(waiter);
      waiter.reject(
        new AppError({
          code: reason === 'day' ? 'daily-budget-used' : 'rate-paused',
          message:
            'The request budget at the EHR is used up for now. The work goes on by itself when it is free again.',
          retry: { afterMs: waitMs },
          context: { waitMs, reason },
        }),
      );
    }
  }

  #head(): Waiter | undefined {
    return this.#waiters.find((waiters) => waiters.length > 0)?.[0];
  }

  /** Those for whom no place is taken yet, by priority. */
  #unserved(): number[] {
    return requestPriorities.map((priority, index) =>
      Math.max((this.#waiters[index]?.length ?? 0) - this.#places.count(priority), 0),
    );
  }

  /** For whom to ask: the most urgent, or the next ones behind, who get a place only where somebody asks for it. */
  #next(): Turn | undefined {
    const unserved = this.#unserved();
    const [urgent, behind] = requestPriorities.filter((_, index) => (unserved[index] ?? 0) > 0);
    if (!urgent) return undefined;
    const isBehind = behind !== undefined && this.#urgentPlaces >= urgentInARow;
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
    if (this.#isInRow && !this.#next()) this.#nudge();
  }

  /** What the last answer said is out of date. */
  #nudge(): void {
    this.#isNudged = true;
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
