/**
 * Small jobs need the same record hundreds of times within this time. A job that has read it may use it as long, so a value that is a second
 * old does no harm.
 */
const sharedMs = 1000;

/** Reads a record once for the jobs that need it at about the same time. A value may hold a secret, so it stays in memory only for a second. */
export class SharedReads<Value> {
  readonly #read;
  readonly #shared = new Map<string, Promise<Value>>();

  constructor(read: (id: string) => Promise<Value>) {
    this.#read = read;
  }

  read(id: string): Promise<Value> {
    const shared = this.#shared.get(id);
    if (shared !== undefined) return shared;
    const reading = this.#read(id);
    this.#shared.set(id, reading);
    const forget = () => this.#shared.get(id) === reading && this.forget(id);
    setTimeout(forget, sharedMs).unref();
    // After an error, or if there is no record, the next job reads again.
    reading.then((value) => value ?? forget(), forget);
    return reading;
  }

  forget(id: string): void {
    this.#shared.delete(id);
  }
}
