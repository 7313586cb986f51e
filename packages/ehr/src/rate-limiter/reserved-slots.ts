import type { RequestPriority } from './budget.ts';

/** The right to send one request at a time in the near future. Times are of this process's clock, ms. */
export interface ReservedSlot {
  readonly grantId: string;
  readonly priority: RequestPriority;
  /** Reserved for a request behind the most urgent ones, which must not take it. */
  readonly isBehind: boolean;
  readonly readyAt: number;
  /** The slot must not be used after this. */
  readonly latestAt: number;
  /** How far Redis' clock is ahead of ours, at most. */
  readonly aheadMs: number;
}

/** The slots that this process has reserved in a budget and has not used yet. */
export class ReservedSlots {
  readonly #onReady: (slot: ReservedSlot) => void;
  readonly #timers = new Map<ReservedSlot, NodeJS.Timeout | undefined>();

  /** @param options.onReady is called when a slot's time has come, after the slot was removed from here. */
  constructor({ onReady }: { readonly onReady: (slot: ReservedSlot) => void }) {
    this.#onReady = onReady;
  }

  add(slot: ReservedSlot): void {
    this.#timers.set(slot, undefined);
    this.#wait(slot);
  }

  /** @returns the ids of the slots that were removed. */
  removeAll(): string[] {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    const grantIds = [...this.#timers.keys()].map(({ grantId }) => grantId);
    this.#timers.clear();
    return grantIds;
  }

  count(priority: RequestPriority): number {
    return this.#of(priority).length;
  }

  /** When the last slot of this priority is ready, or undefined if there is none. */
  lastReadyAt(priority: RequestPriority): number | undefined {
    const times = this.#of(priority).map(({ readyAt }) => readyAt);
    return times.length === 0 ? undefined : Math.max(...times);
  }

  #of(priority: RequestPriority): ReservedSlot[] {
    return [...this.#timers.keys()].filter((slot) => slot.priority === priority);
  }

  /** A timer may fire a fraction of a millisecond too early, so the time is checked again. */
  #wait(slot: ReservedSlot): void {
    const waitMs = slot.readyAt - performance.now();
    if (waitMs > 0) {
      this.#timers.set(
        slot,
        setTimeout(() => this.#wait(slot), Math.max(waitMs, 1)),
      );
      return;
    }
    this.#timers.delete(slot);
    this.#onReady(slot);
  }
}
