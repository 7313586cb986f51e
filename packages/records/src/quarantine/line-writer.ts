import { hash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { possiblePatients } from '@bulkhead/fhir';
import { type EncryptedFiles, type KeptOutList, type Stored, writeUnordered } from '@bulkhead/store';
import type { Model } from 'mongoose';
import { z } from 'zod';
import { type QuarantinedLine, quarantineEntrySchema } from './quarantine.record.ts';
import type { createQuarantineRoom } from './quarantine-room.ts';

/** A line as it is stored. */
export const documentSchema = quarantineEntrySchema.omit({ isCorrected: true }).extend({
  /** Absent in records of versions that did not truncate lines. The same is true for `isTruncated`. */
  keptBytes: quarantineEntrySchema.shape.keptBytes.exactOptional(),
  isTruncated: quarantineEntrySchema.shape.isTruncated.exactOptional(),
  /** The encrypted bytes. Longer lines have `sealedFile` instead, and lines without kept bytes have neither. */
  sealedBytes: z.string().exactOptional(),
  sealedFile: z.string().exactOptional(),
  sealedCorrection: z.string().exactOptional(),
});

/** Longer lines are stored as encrypted files. Encryption adds a third, and a document must stay far below BSON's 16 MB. */
const maxInlineBytes = 1024 * 1024;

/** Writes lines to the quarantine. */
export class LineWriter {
  readonly #model: Model<Stored<typeof documentSchema>>;
  readonly #files: EncryptedFiles;
  readonly #room: ReturnType<typeof createQuarantineRoom>;
  readonly #encrypt: (id: string, bytes: Buffer) => string;

  constructor(options: {
    readonly model: Model<Stored<typeof documentSchema>>;
    readonly files: EncryptedFiles;
    readonly room: ReturnType<typeof createQuarantineRoom>;
    readonly encrypt: (id: string, bytes: Buffer) => string;
  }) {
    this.#model = options.model;
    this.#files = options.files;
    this.#room = options.room;
    this.#encrypt = options.encrypt;
  }

  /**
   * Writes lines of one run. Of a line that mentions a patient who is kept out, only the position is stored.
   * @returns how many lines are of such patients
   */
  async put(options: {
    readonly lines: readonly QuarantinedLine[];
    readonly now: Date;
    readonly keptOut: KeptOutList | undefined;
  }): Promise<number> {
    const { lines, now, keptOut } = options;
    const withheld = new Set<QuarantinedLine>();
    if (keptOut) for (const line of lines) if (await this.#isOf(line, keptOut)) withheld.add(line);
    if (withheld.size > 0) await this.#putPositions([...withheld], now);
    await this.#putLines(
      lines.filter((line) => !withheld.has(line)),
      now,
    );
    return withheld.size;
  }

  async #isOf(line: QuarantinedLine, keptOut: KeptOutList): Promise<boolean> {
    const { bytes, sealedFile } = line;
    const text = bytes ?? (sealedFile && (await buffer(this.#files.open({ owner: idOf(line), file: sealedFile }))));
    if (text === undefined || text === '') return false;
    let checked = 0;
    for (const id of possiblePatients(text)) {
      if (keptOut.hasPatient(id)) return true;
      // A line of megabytes can have a million words, each of which is hashed.
      checked += 1;
      if (checked % 1000 === 0) await setImmediate();
    }
    return false;
  }

  async #putPositions(lines: readonly QuarantinedLine[], now: Date): Promise<void> {
    const operations = lines.map(({ bytes: _, sealedFile: __, sha256: ___, ...line }) => {
      const replacement = { ...line, keptBytes: 0, isTruncated: false, state: 'withheld', createdAt: now };
      return { replaceOne: { filter: { _id: idOf(line) }, replacement, upsert: true } };
    });
    await writeUnordered(this.#model.collection, operations);
    for (const { sealedFile } of lines) if (sealedFile !== undefined) await this.#files.remove(sealedFile);
  }

  async #putLines(lines: readonly QuarantinedLine[], now: Date): Promise<void> {
    const [first] = lines;
    if (first === undefined) return;
    const operations = [];
    const written: { readonly _id: string; readonly sealedFile: string }[] = [];
    const isKept = await this.#room.reserve(first.exportId, lines.map(keptBytesOf));
    for (const [index, received] of lines.entries()) {
      const line = isKept[index] ? received : await this.#discard(received);
      const { bytes, sealedFile: _, ...fields } = line;
      const _id = idOf(line);
      const content = await this.#contentOf(_id, line);
      const keptBytes = keptBytesOf(line);
      const sha256 = line.sha256 ?? hash('sha256', bytes ?? '', 'hex');
      const isTruncated = bytes === undefined && keptBytes < line.sizeBytes;
      const replacement = { ...fields, ...content, keptBytes, sha256, isTruncated, state: 'open', createdAt: now };
      operations.push({ replaceOne: { filter: { _id }, replacement, upsert: true } });
      if (content.sealedFile !== undefined) written.push({ _id, sealedFile: content.sealedFile });
    }
    // Only files that a record named. Another attempt may be writing a file for the same line.
    const replaced = await this.#findReplacedFiles(written);
    await writeUnordered(this.#model.collection, operations);
    for (const file of replaced) await this.#files.remove(file);
  }

  async #discard({ bytes, sealedFile, ...line }: QuarantinedLine): Promise<QuarantinedLine> {
    if (sealedFile !== undefined) await this.#files.remove(sealedFile);
    return { ...line, keptBytes: 0, sha256: line.sha256 ?? hash('sha256', bytes ?? '', 'hex') };
  }

  async #contentOf(
    id: string,
    { connectionId, bytes, sealedFile }: QuarantinedLine,
  ): Promise<{ readonly sealedBytes?: string; readonly sealedFile?: string }> {
    if (!bytes) return sealedFile === undefined ? {} : { sealedFile };
    if (bytes.length <= maxInlineBytes) return { sealedBytes: this.#encrypt(id, bytes) };
    const file = await this.#files.create({ owner: id, connectionId });
    await file.write(bytes);
    return { sealedFile: await file.end() };
  }

  /** Finds the files that the records of these lines name and that they will name no longer. */
  async #findReplacedFiles(written: readonly { readonly _id: string; readonly sealedFile: string }[]) {
    if (written.length === 0) return [];
    const [ids, kept] = [written.map(({ _id }) => _id), written.map(({ sealedFile }) => sealedFile)];
    const filter = { _id: { $in: ids }, sealedFile: { $nin: kept } };
    const named = await this.#model.find(filter, { sealedFile: 1 }).lean();
    return named.flatMap(({ sealedFile }) => sealedFile ?? []);
  }
}

/** The numbers are padded, so that ids have the order of lines and pages. The largest safe integer has 16 digits. */
export function idOf(position: Pick<QuarantinedLine, 'fileId' | 'offset'> & Partial<QuarantinedLine>): string {
  const { source, fileId, line, offset } = position;
  const page = source === 'sync' ? `${String(line).padStart(6, '0')}.` : '';
  return `${fileId}.${page}${String(offset).padStart(16, '0')}`;
}

function keptBytesOf({ bytes, keptBytes = 0 }: QuarantinedLine): number {
  return bytes?.length ?? keptBytes;
}
