import { type Database, isDuplicateKey, mongooseSchemaOf } from '@bulkhead/store';
import { z } from 'zod';
import { collections } from './collections.ts';
import { quarantineError } from './errors.ts';

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
