import type { RequestPriority } from './request-priority.ts';

/** The right to send one request at a time that is near. Times are of our clock, ms. */
export interface Place {
  readonly grantId: string;
  readonly priority: RequestPriority;
  /** Taken for those behind the most urgent, which must not get it. */
  readonly isBehind: boolean;
  readonly readyAt: number;
  /** It is worth nothing any more after this. */
  readonly latestAt: number;
  /** How much further Redis' clock is than ours, at most. */
  readonly aheadMs: number;
}

/** What this process has taken of a budget and not used yet. */
export class PlacesAhead {
  readonly #onReady: (place: Place) => void;
  readonly #timers = new Map<Place, NodeJS.Timeout | undefined>();

  /** @param options.onReady is called when a place's time has come; the place is none of ours any more. */
  constructor({ onReady }: { readonly onReady: (place: Place) => void }) {
    this.#onReady = onReady;
  }

  add(place: Place): void {
    this.#timers.set(place, undefined);
    this.#wait(place);
  }

  /** @returns the grants that are not ours any more. */
  dropAll(): string[] {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    const grantIds = [...this.#timers.keys()].map(({ grantId }) => grantId);
    this.#timers.clear();
    return grantIds;
  }

  count(priority: RequestPriority): number {
    return this.#of(priority).length;
  }

  /** When the last of them is ready; undefined: there is none. */
  lastReadyAt(priority: RequestPriority): number | undefined {
    const times = this.#of(priority).map(({ readyAt }) => readyAt);
    return times.length === 0 ? undefined : Math.max(...times);
  }

  #of(priority: RequestPriority): Place[] {
    return [...this.#timers.keys()].filter((place) => place.priority === priority);
  }

  /** A timer may be early by the part of a millisecond that its clock does not show. */
  #wait(place: Place): void {
    const waitMs = place.readyAt - performance.now();
    if (waitMs > 0) {
      this.#timers.set(
        place,
        setTimeout(() => this.#wait(place), Math.max(waitMs, 1)),
      );
      return;
    }
    this.#timers.delete(place);
    this.#onReady(place);
  }
}
