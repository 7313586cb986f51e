import { hash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { possiblePatients } from '@bulkhead/fhir';
import { type EncryptedFiles, type KeptOutList, type Stored, writeUnordered } from '@bulkhead/store';
import type { Model } from 'mongoose';
import { z } from 'zod';
import { type QuarantinedLine, quarantineEntrySchema } from './quarantine.record.ts';
import type { QuarantineRoom } from './quarantine-room.ts';

/** A line as it is stored. */
export const documentSchema = quarantineEntrySchema.omit({ isCorrected: true }).extend({
  /** The encrypted bytes. Longer lines have `encryptedFile` instead, and lines without kept bytes have neither. */
  encryptedBytes: z.string().exactOptional(),
  encryptedFile: z.string().exactOptional(),
  encryptedCorrection: z.string().exactOptional(),
});

/** Longer lines are stored as encrypted files. Encryption adds a third, and a document must stay far below BSON's 16 MB. */
const maxInlineBytes = 1024 * 1024;

/** Writes lines to the quarantine. */
export class LineWriter {
  readonly #options;

  constructor(options: {
    readonly model: Model<Stored<typeof documentSchema>>;
    readonly files: EncryptedFiles;
    readonly room: QuarantineRoom;
    readonly encrypt: (id: string, bytes: Buffer) => string;
  }) {
    this.#options = options;
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
    const { bytes, encryptedFile } = line;
    const text =
      bytes ?? (encryptedFile && (await buffer(this.#options.files.open({ owner: idOf(line), file: encryptedFile }))));
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
    const operations = lines.map(({ bytes: _, encryptedFile: __, sha256: ___, ...line }) => {
      const replacement = { ...line, keptBytes: 0, isTruncated: false, state: 'withheld', createdAt: now };
      return { replaceOne: { filter: { _id: idOf(line) }, replacement, upsert: true } };
    });
    await writeUnordered(this.#options.model.collection, operations);
    for (const { encryptedFile } of lines)
      if (encryptedFile !== undefined) await this.#options.files.remove(encryptedFile);
  }

  async #putLines(lines: readonly QuarantinedLine[], now: Date): Promise<void> {
    const [first] = lines;
    if (first === undefined) return;
    const operations = [];
    const written: { readonly _id: string; readonly encryptedFile: string }[] = [];
    const isKept = await this.#options.room.reserve(first.runId, lines.map(keptBytesOf));
    for (const [index, received] of lines.entries()) {
      const line = isKept[index] ? received : await this.#discard(received);
      const { bytes, encryptedFile: _, ...fields } = line;
      const _id = idOf(line);
      const content = await this.#contentOf(_id, line);
      const keptBytes = keptBytesOf(line);
      const sha256 = line.sha256 ?? hash('sha256', bytes ?? '', 'hex');
      const isTruncated = bytes === undefined && keptBytes < line.sizeBytes;
      const replacement = { ...fields, ...content, keptBytes, sha256, isTruncated, state: 'open', createdAt: now };
      operations.push({ replaceOne: { filter: { _id }, replacement, upsert: true } });
      if (content.encryptedFile !== undefined) written.push({ _id, encryptedFile: content.encryptedFile });
    }
    // Only files that a record named. Another attempt may be writing a file for the same line.
    const replaced = await this.#findReplacedFiles(written);
    await writeUnordered(this.#options.model.collection, operations);
    for (const file of replaced) await this.#options.files.remove(file);
  }

  async #discard({ bytes, encryptedFile, ...line }: QuarantinedLine): Promise<QuarantinedLine> {
    if (encryptedFile !== undefined) await this.#options.files.remove(encryptedFile);
    return { ...line, keptBytes: 0, sha256: line.sha256 ?? hash('sha256', bytes ?? '', 'hex') };
  }

  async #contentOf(
    id: string,
    { connectionId, bytes, encryptedFile }: QuarantinedLine,
  ): Promise<{ readonly encryptedBytes?: string; readonly encryptedFile?: string }> {
    if (!bytes) return encryptedFile === undefined ? {} : { encryptedFile };
    if (bytes.length <= maxInlineBytes) return { encryptedBytes: this.#options.encrypt(id, bytes) };
    const file = await this.#options.files.create({ owner: id, connectionId });
    await file.write(bytes);
    return { encryptedFile: await file.end() };
  }

  /** Finds the files that the records of these lines name and that they will name no longer. */
  async #findReplacedFiles(written: readonly { readonly _id: string; readonly encryptedFile: string }[]) {
    if (written.length === 0) return [];
    const [ids, kept] = [written.map(({ _id }) => _id), written.map(({ encryptedFile }) => encryptedFile)];
    const filter = { _id: { $in: ids }, encryptedFile: { $nin: kept } };
    const named = await this.#options.model.find(filter, { encryptedFile: 1 }).lean();
    return named.flatMap(({ encryptedFile }) => encryptedFile ?? []);
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
