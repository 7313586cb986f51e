import { AppError } from '@bulkhead/domain';
import type { Grant } from './grant.ts';
import { type RequestPriority, requestPriorities } from './request-priority.ts';

interface Answer {
  readonly granted: boolean;
  readonly grantId: string;
  readonly waitMs: number;
  readonly reason: string;
}

interface Waiter {
  readonly priority: RequestPriority;
  readonly resolve: (grant: Grant) => void;
  readonly reject: (error: unknown) => void;
}

interface BudgetQueueOptions {
  readonly ask: (priority: RequestPriority, waiting: readonly number[]) => Promise<Answer>;
  readonly settle: (grantId: string, sent: boolean) => void;
  readonly guardMs: number;
}

/** A wait that a job should not sit through: it goes back to the queue and its slot serves another connection. */
const longestWaitMs = 15 * 60_000;
/** A process that waits asks at least this often: a pause can be lifted, and its mark in Redis must not run out (1 s). */
const longestSleepMs = 500;
/** Redis answers in under a millisecond; after an error it may be restarting. */
const errorWaitMs = 500;

/** The script lets one grant in eight go to whoever waits behind; whoever is behind must ask for it, here too. */
const urgentInARow = 7;

/**
 * The requests of this process that wait for one budget. One question to Redis is in flight at a time, for the most
 * urgent waiter, now and then for one behind it: a thousand waiting downloads cost no more than one, and a thousand polls do
 * not starve them.
 */
export class BudgetQueue {
  readonly #ask: BudgetQueueOptions['ask'];
  readonly #settle: BudgetQueueOptions['settle'];
  readonly #guardMs: number;
  readonly #waiters: Waiter[][] = requestPriorities.map(() => []);
  #running = false;
  /** Grants since the last one that went to a waiter behind. */
  #urgentGrants = 0;
  #wake: (() => void) | undefined;

  constructor({ ask, settle, guardMs }: BudgetQueueOptions) {
    this.#ask = ask;
    this.#settle = settle;
    this.#guardMs = guardMs;
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
      if (isMostUrgent) this.#wake?.();
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let next = this.#next(); next; next = this.#next()) {
      const waitMs = await this.#step(next);
      if (waitMs > 0) await this.#sleep(Math.min(waitMs, longestSleepMs));
    }
    this.#running = false;
  }

  /** @returns how long to wait before asking again. */
  async #step(next: Waiter): Promise<number> {
    const isBehind = next !== this.#head();
    const askedAt = performance.now();
    let answer: Answer;
    try {
      answer = await this.#ask(
        next.priority,
        this.#waiters.map(({ length }) => length),
      );
    } catch {
      // Redis is away or restarting. Requests wait; the process's own health check reports it.
      return errorWaitMs;
    }
    if (!answer.granted) {
      if (answer.waitMs > longestWaitMs) this.#rejectAll(answer);
      if (!isBehind || answer.reason !== 'yield') return answer.waitMs;
      // Elsewhere somebody who was behind has just had a turn: ours comes later.
      this.#urgentGrants = 0;
      return 0;
    }
    const { grantId } = answer;
    const granted = (isBehind && this.#waitersOf(next.priority)[0]) || this.#head();
    // A grant is worth its time: half of the guard may pass until here, the other half is the request's way.
    if (!granted || performance.now() - askedAt > this.#guardMs / 2) {
      this.#settle(grantId, false);
      return 0;
    }
    this.#urgentGrants = isBehind ? 0 : this.#urgentGrants + 1;
    this.#remove(granted);
    granted.resolve({ settle: () => this.#settle(grantId, true) });
    return 0;
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

  /** For whom to ask: the most urgent, or after seven of them the next one behind. */
  #next(): Waiter | undefined {
    const [urgent, behind] = this.#waiters.filter((waiters) => waiters.length > 0);
    return (this.#urgentGrants >= urgentInARow ? (behind ?? urgent) : urgent)?.[0];
  }

  #waitersOf(priority: RequestPriority): Waiter[] {
    return this.#waiters[requestPriorities.indexOf(priority)] ?? [];
  }

  #remove(waiter: Waiter): void {
    const waiters = this.#waitersOf(waiter.priority);
    const index = waiters.indexOf(waiter);
    if (index >= 0) waiters.splice(index, 1);
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
