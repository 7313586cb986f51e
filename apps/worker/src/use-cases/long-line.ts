import type { OutputFile } from '@bulkhead/domain';
import type { LongLinePart } from '@bulkhead/fhir';
import type { SealedFileWriter, Store } from '@bulkhead/store';

/** A line that no document can hold, on its way into the quarantine: whole, and never in memory. */
export class LongLine {
  readonly #quarantine: Pick<Store['quarantine'], 'createLongLine'>;
  readonly #fileId: string;
  #writer: SealedFileWriter | undefined;

  constructor(options: {
    readonly store: { readonly quarantine: Pick<Store['quarantine'], 'createLongLine'> };
    readonly file: OutputFile;
  }) {
    this.#quarantine = options.store.quarantine;
    this.#fileId = options.file.id;
  }

  async write({ part, offset }: LongLinePart): Promise<void> {
    this.#writer ??= this.#quarantine.createLongLine({ fileId: this.#fileId, offset });
    await this.#writer.write(part);
  }

  /** The line is whole. @returns where it is kept; undefined where there was none. */
  async end(): Promise<string | undefined> {
    const writer = this.#writer;
    this.#writer = undefined;
    return writer?.end();
  }

  /** The rest of the line does not come; it is read again from its start. */
  async abort(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.abort();
  }
}
