/** More faults help no reader, and one request can have a hundred thousand. */
const maxFaults = 20;

/** Collects the first faults of a request. What reads the request stops when the list is full. */
export class FaultList<Fault> {
  readonly #faults: Fault[] = [];

  get isFull(): boolean {
    return this.#faults.length >= maxFaults;
  }

  get all(): readonly Fault[] {
    return this.#faults;
  }

  add(fault: Fault): void {
    if (!this.isFull) this.#faults.push(fault);
  }
}
