import { hash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { possiblePatients } from '@bulkhead/fhir';
import {
  type Database,
  type EncryptedFiles,
  isDuplicateKey,
  type KeptOutList,
  mongooseSchemaOf,
  type Stored,
  writeUnordered,
} from '@bulkhead/store';
import type { Model } from 'mongoose';
import { z } from 'zod';
import { collections } from './collections.ts';
import { quarantineError } from './errors.ts';
import { type QuarantinedLine, quarantineEntrySchema } from './quarantine.record.ts';

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

/**
 * The limit of the kept bytes of one run. Of further lines only the position, the reason, the size and the hash are kept, so that a
 * server that sends only bad lines cannot fill the disk.
 */
export const maxKeptRunBytes = 1024 * 1024 * 1024;

/**
 * The limit of the lines of one export or sync run. Each takes a record of about a kilobyte, however short the line is. Files and searches
 * stop when most of their lines are bad, but a run can have thousands of them. An operator cannot look through more lines than this.
 */
export const maxQuarantinedLines = 100_000;

const usageSchema = z.strictObject({
  /** The id of the export or sync run. */
  id: z.string(),
  keptBytes: z.int(),
  lines: z.int(),
});

const usageModelSchema = mongooseSchemaOf(usageSchema, { collection: collections.quarantineUsage });

interface Room {
  readonly keptBytes: number;
  readonly lines: number;
}

/** `quarantine_usage`: how much room each export and sync run has used. */
export class QuarantineRoom {
  readonly #usage;

  constructor(database: Database) {
    this.#usage = database.model('QuarantineUsage', usageModelSchema);
  }

  /**
   * Reserves room for the bytes of lines, in their order. A line that is put twice counts twice, so less than the limit may be kept, but
   * never more.
   * @param keptBytes the bytes of each line
   * @returns for each line whether its bytes are kept
   * @throws AppError `quarantine-full` beyond the limit of lines
   */
  async reserve(runId: string, keptBytes: readonly number[]): Promise<readonly boolean[]> {
    const neededBytes = keptBytes.reduce((sum, bytes) => sum + bytes, 0);
    const sums = await this.#add(runId, { keptBytes: neededBytes, lines: keptBytes.length });
    if (sums.lines > maxQuarantinedLines) {
      await this.#add(runId, { keptBytes: -neededBytes, lines: -keptBytes.length });
      throw quarantineError('quarantine-full', {
        message: `The quarantine has ${maxQuarantinedLines} lines of this run and takes no more. See the reasons in the quarantine, and contact the EHR's support.`,
      });
    }
    let used = sums.keptBytes - neededBytes;
    const isKept = keptBytes.map((bytes) => {
      if (used + bytes > maxKeptRunBytes) return false;
      used += bytes;
      return true;
    });
    const unused = keptBytes.reduce((sum, bytes, index) => (isKept[index] ? sum : sum + bytes), 0);
    if (unused > 0) await this.#add(runId, { keptBytes: -unused, lines: 0 });
    return isKept;
  }

  /** Frees the room of lines that were deleted, or whose content was. */
  async free(runId: string, { keptBytes, lines }: Room): Promise<void> {
    await this.#usage.updateOne({ _id: runId }, { $inc: { keptBytes: -keptBytes, lines: -lines } });
  }

  async forget(runIds: readonly string[]): Promise<void> {
    await this.#usage.deleteMany({ _id: { $in: [...runIds] } });
  }

  /** @returns the sums after the change */
  async #add(runId: string, added: Room): Promise<Room> {
    const options = { upsert: true, returnDocument: 'after' } as const;
    const update = () => this.#usage.findOneAndUpdate({ _id: runId }, { $inc: added }, options).lean();
    // Two workers can try to create the record at the same time.
    const after = await update().catch((error: unknown) => {
      if (isDuplicateKey(error)) return update();
      throw error;
    });
    return { keptBytes: after?.keptBytes ?? 0, lines: after?.lines ?? 0 };
  }
}
