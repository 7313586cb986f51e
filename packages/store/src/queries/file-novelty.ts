type ReadVersions<Version> = () => Promise<ReadonlyMap<string, Version>>;

/**
 * Remembers whether all records of a file were new so far, as in a first export. Then the next ones are inserted without reading what is
 * stored, which saves a command for each batch. A record that is stored already loses its insert, and its writer notes that.
 */
export class FileNovelty<Version> {
  /** Undefined before the first batch. Later batches wait for its read, which takes less time than their own would. */
  #hasOnlyNew: Promise<boolean> | undefined;

  /** Reads the stored versions of a batch, or returns none if the file had only new records. */
  async readUnlessNew(read: ReadVersions<Version>): ReturnType<ReadVersions<Version>> {
    if (this.#hasOnlyNew !== undefined) return (await this.#hasOnlyNew) ? new Map() : read();
    const reading = read();
    this.#hasOnlyNew = reading.then(
      ({ size }) => size === 0,
      () => false,
    );
    return reading;
  }

  /** Notes that a version of a record was stored already. */
  noteStored(): void {
    this.#hasOnlyNew = Promise.resolve(false);
  }
}
