import { createHash, type Hash } from 'node:crypto';
import type { LongLinePart } from '@bulkhead/fhir';
import type { QuarantineStore } from '@bulkhead/records/quarantine';
import { maxKeptLineBytes, type QuarantinedLine } from '@bulkhead/records/quarantine';
import type { EncryptedFileWriter } from '@bulkhead/store';
import type { OutputFile } from '../output-file.record.ts';

/** The stored part of a line that is too long to be held in memory. */
export type KeptLine = Required<Pick<QuarantinedLine, 'encryptedFile' | 'keptBytes' | 'sha256'>>;

interface OpenLine {
  readonly writer: EncryptedFileWriter;
  readonly hash: Hash;
  keptBytes: number;
}

/** Writes a line that no document can hold into the quarantine: its first part and its hash. The line is never in memory as a whole. */
export class LongLine {
  readonly #quarantine: Pick<QuarantineStore['quarantine'], 'createLongLine'>;
  readonly #file: Pick<OutputFile, 'id' | 'connectionId'>;
  #line: OpenLine | undefined;

  constructor(options: {
    readonly store: { readonly quarantine: Pick<QuarantineStore['quarantine'], 'createLongLine'> };
    readonly file: OutputFile;
  }) {
    this.#quarantine = options.store.quarantine;
    this.#file = options.file;
  }

  async write({ part, offset }: LongLinePart): Promise<void> {
    const { id: fileId, connectionId } = this.#file;
    this.#line ??= {
      writer: await this.#quarantine.createLongLine({ connectionId, fileId, offset }),
      hash: createHash('sha256'),
      keptBytes: 0,
    };
    const line = this.#line;
    line.hash.update(part);
    const keptPart = part.subarray(0, maxKeptLineBytes - line.keptBytes);
    if (keptPart.length === 0) return;
    line.keptBytes += keptPart.length;
    await line.writer.write(keptPart);
  }

  /** Ends the line. @returns undefined if none was being written */
  async end(): Promise<KeptLine | undefined> {
    const line = this.#line;
    this.#line = undefined;
    if (line === undefined) return undefined;
    return { encryptedFile: await line.writer.end(), keptBytes: line.keptBytes, sha256: line.hash.digest('hex') };
  }

  /** Discards the line, because its rest was not received. It is read again from its start. */
  async abort(): Promise<void> {
    const line = this.#line;
    this.#line = undefined;
    await line?.writer.abort();
  }
}
