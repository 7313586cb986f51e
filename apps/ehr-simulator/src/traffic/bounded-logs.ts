/**
 * An exact sliding window. It stores the last `limit` arrivals, so the next one breaks the limit if the oldest of them
 * is younger than the window. Unlike a counter per second it detects every burst across a boundary.
 */
export class SlidingLog {
  readonly limit: number;
  readonly windowMs: number;
  readonly #arrivals: Float64Array;
  #count = 0;

  constructor({ limit, windowMs }: { readonly limit: number; readonly windowMs: number }) {
    this.limit = limit;
    this.windowMs = windowMs;
    this.#arrivals = new Float64Array(limit);
  }

  /**
   * Records a request that was observed at `atMs` and arrived at `sinceMs` or later.
   * @returns true if the limit is broken no matter what the exact arrival times are.
   */
  arrive({ atMs, sinceMs = atMs }: { readonly atMs: number; readonly sinceMs?: number }): boolean {
    const slot = this.#count % this.limit;
    const breach = this.#count >= this.limit && atMs - this.#oldest() < this.windowMs;
    this.#arrivals[slot] = sinceMs;
    this.#count += 1;
    return breach;
  }

  /** How many more requests may arrive now. */
  remaining(nowMs: number): number {
    let free = this.limit - Math.min(this.#count, this.limit);
    for (let back = Math.min(this.#count, this.limit); back > 0; back -= 1) {
      if (nowMs - this.#arrival(back) < this.windowMs) break;
      free += 1;
    }
    return free;
  }

  /** The time in ms until one more request may arrive. */
  waitMs(nowMs: number): number {
    return this.#count < this.limit ? 0 : Math.max(0, this.#oldest() + this.windowMs - nowMs);
  }

  #oldest(): number {
    return this.#arrival(this.limit);
  }

  #arrival(back: number): number {
    return this.#arrivals[(this.#count - back) % this.limit] ?? Number.NEGATIVE_INFINITY;
  }
}

/** Stores the last `capacity` entries and counts all of them. */
export class Ring<Entry> {
  readonly #capacity: number;
  #entries: Entry[] = [];
  total = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length > this.#capacity) this.#entries.shift();
    this.total += 1;
  }

  /** Oldest first. */
  toArray(): readonly Entry[] {
    return [...this.#entries];
  }

  clear(): void {
    this.#entries = [];
    this.total = 0;
  }
}
