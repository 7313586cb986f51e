/** Keeps the last `capacity` entries and the count of all. */
export class Ring<Entry> {
  private readonly capacity: number;
  private entries: Entry[] = [];
  private next = 0;
  private seen = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get total(): number {
    return this.seen;
  }

  push(entry: Entry): void {
    this.entries[this.next] = entry;
    this.next = (this.next + 1) % this.capacity;
    this.seen += 1;
  }

  /** Oldest first. */
  toArray(): readonly Entry[] {
    if (this.seen <= this.capacity) return [...this.entries];
    return [...this.entries.slice(this.next), ...this.entries.slice(0, this.next)];
  }

  clear(): void {
    this.entries = [];
    this.next = 0;
    this.seen = 0;
  }
}
