import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  type ConnectionScope,
  createSealedPlace,
  inScope,
  isDuplicateKey,
  mongooseFieldsOf,
  type SealedFiles,
  type SealedFileWriter,
  type SecretBox,
  type Stored,
} from '@bulkhead/store';
import { type Connection as Database, Schema } from 'mongoose';
import { z } from 'zod';
import { type QuarantinedLine, type QuarantineEntry, quarantineEntrySchema } from './quarantine.record.ts';

/** Of a longer line the first part is kept. Every line that a document can hold is shorter. */
export const maxKeptLineBytes = 16 * 1024 * 1024;

/**
 * What is kept of the lines of one export. Of further lines only the place, the reason, the size and the hash are kept, so that
 * a server that sends nothing but bad lines cannot fill the disk.
 */
export const maxKeptExportBytes = 1024 * 1024 * 1024;

const documentSchema = quarantineEntrySchema.omit({ isCorrected: true }).extend({
  /** Absent in records from before lines were truncated, as is `isTruncated`. */
  keptBytes: quarantineEntrySchema.shape.keptBytes.exactOptional(),
  isTruncated: quarantineEntrySchema.shape.isTruncated.exactOptional(),
  /** The bytes, or the name of the file that holds them; neither if nothing is kept. */
  sealedBytes: z.string().exactOptional(),
  sealedFile: z.string().exactOptional(),
  sealedCorrection: z.string().exactOptional(),
});
type QuarantineDocument = Stored<typeof documentSchema>;

export type QuarantineFilter = Partial<
  Pick<QuarantineEntry, 'connectionId' | 'exportId' | 'fileId' | 'reason' | 'state'>
>;

/** Longer lines are kept as sealed files: sealing adds a third, and a document must stay far below BSON's 16 MB. */
const maxInlineBytes = 1024 * 1024;

const schema = new Schema<QuarantineDocument>(mongooseFieldsOf(documentSchema), {
  collection: 'quarantine',
  versionKey: false,
  strict: 'throw',
});
// Ids begin with the export's, so one index serves an export and one of its files in their order.
schema.index({ connectionId: 1, _id: 1 });
schema.index({ exportId: 1, _id: 1 });
schema.index({ fileId: 1, state: 1 });

const usageSchema = z.strictObject({
  /** The export's id. */
  id: z.string(),
  keptBytes: z.int(),
});

const usageModelSchema = new Schema<Stored<typeof usageSchema>>(mongooseFieldsOf(usageSchema), {
  collection: 'quarantine_usage',
  versionKey: false,
  strict: 'throw',
});

export type QuarantineRepository = ReturnType<typeof createQuarantineRepository>;

/** `quarantine`: the bytes are patient data, so they are sealed. */
export function createQuarantineRepository(options: {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly files: SealedFiles;
}) {
  const { database, secretBox, files } = options;
  const model = database.model('Quarantine', schema);

  const usage = database.model('QuarantineUsage', usageModelSchema);

  /** @returns the sum after the change. */
  const addUsage = async (exportId: string, bytes: number): Promise<number> => {
    const change = { $inc: { keptBytes: bytes } };
    const options = { upsert: true, returnDocument: 'after' } as const;
    const add = () => usage.findOneAndUpdate({ _id: exportId }, change, options).lean();
    // Two workers can try to create the record at the same time.
    const after = await add().catch((error: unknown) => {
      if (isDuplicateKey(error)) return add();
      throw error;
    });
    return after?.keptBytes ?? 0;
  };

  /**
   * Reserves room for what is to be kept of an export's lines, in their order. A line that is put twice counts twice, which
   * keeps less than there is room for, never more.
   * @returns the lines, without the content for which there is no room.
   */
  const reserve = async (exportId: string, lines: readonly QuarantinedLine[]): Promise<readonly QuarantinedLine[]> => {
    const wanted = lines.reduce((sum, line) => sum + keptBytesOf(line), 0);
    let used = (await addUsage(exportId, wanted)) - wanted;
    let unused = 0;
    const reserved: QuarantinedLine[] = [];
    for (const line of lines) {
      const keptBytes = keptBytesOf(line);
      const isKept = used + keptBytes <= maxKeptExportBytes;
      if (isKept) used += keptBytes;
      else unused += keptBytes;
      reserved.push(isKept ? line : await discard(line));
    }
    if (unused > 0) await addUsage(exportId, -unused);
    return reserved;
  };

  const discard = async ({ bytes, sealedFile, ...line }: QuarantinedLine): Promise<QuarantinedLine> => {
    if (sealedFile !== undefined) await files.remove(sealedFile);
    return { ...line, keptBytes: 0, sha256: line.sha256 ?? hash('sha256', bytes ?? '', 'hex') };
  };

  const seal = async (id: string, { bytes, sealedFile }: QuarantinedLine) => {
    if (!bytes) return sealedFile === undefined ? {} : { sealedFile };
    if (bytes.length <= maxInlineBytes) return { sealedBytes: secretBox.seal({ plaintext: bytes, owner: id }) };
    const file = files.create(id);
    await file.write(bytes);
    return { sealedFile: await file.end() };
  };

  const sealed = { database, secretBox, collection: 'quarantine', ownerOf: (id: string) => id };

  return {
    sealedPlaces: [
      createSealedPlace({ ...sealed, field: 'sealedBytes' }),
      createSealedPlace({ ...sealed, field: 'sealedCorrection' }),
      ...files.sealedPlaces,
    ],

    /**
     * A line's place is its id: reading a file again quarantines nothing twice.
     * @param options.lines of one export.
     */
    async put({ lines, now }: { readonly lines: readonly QuarantinedLine[]; readonly now: Date }): Promise<void> {
      const [first] = lines;
      if (first === undefined) return;
      const operations = [];
      const written: { readonly _id: string; readonly except: string }[] = [];
      for (const line of await reserve(first.exportId, lines)) {
        const { bytes, sealedFile: _, ...fields } = line;
        const _id = idOf(line);
        const sealed = await seal(_id, line);
        const keptBytes = keptBytesOf(line);
        const sha256 = line.sha256 ?? hash('sha256', bytes ?? '', 'hex');
        const isTruncated = bytes === undefined && keptBytes < line.sizeBytes;
        const replacement = { ...fields, ...sealed, keptBytes, sha256, isTruncated, state: 'open', createdAt: now };
        operations.push({ replaceOne: { filter: { _id }, replacement, upsert: true } });
        if (sealed.sealedFile !== undefined) written.push({ _id, except: sealed.sealedFile });
      }
      await model.collection.bulkWrite(operations as never[], { ordered: false });
      // What earlier attempts at the same line have left.
      for (const { _id, except } of written) await files.removeOf(_id, { except });
    },

    /** For a line that is too long to be held; `put` it, without bytes, once it has ended. */
    createLongLine: (place: Pick<QuarantinedLine, 'fileId' | 'offset'>): SealedFileWriter => files.create(idOf(place)),

    /** In the order of files and lines. @param options.after the last id of the page before. */
    async list(options: {
      readonly filter: QuarantineFilter;
      readonly scope: ConnectionScope;
      readonly limit: number;
      readonly after?: string | undefined;
    }): Promise<QuarantineEntry[]> {
      const { filter, scope, limit, after } = options;
      const page = after === undefined ? {} : { _id: { $gt: after } };
      const documents = await model
        .find({ $and: [filter, inScope(scope), page] } as object, { sealedBytes: 0, sealedFile: 0 })
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
      return documents.map(toEntry);
    },

    async find(id: string): Promise<QuarantineEntry | undefined> {
      const document = await model.findById(id, { sealedBytes: 0, sealedFile: 0 }).lean();
      return document ? toEntry(document) : undefined;
    },

    /** What is kept of the line as the server sent it. @throws for an id that there is not. */
    async openBytes(id: string): Promise<Readable> {
      const { sealedBytes, sealedFile } = await model.findById(id, { sealedBytes: 1, sealedFile: 1 }).orFail().lean();
      if (sealedFile !== undefined) return files.open({ owner: id, file: sealedFile });
      return Readable.from(sealedBytes === undefined ? [] : [secretBox.open({ sealed: sealedBytes, owner: id })]);
    },

    /** What a replay is to store: the correction where there is one, else the line itself. */
    async readLine(id: string): Promise<Buffer> {
      const { sealedCorrection } = await model.findById(id, { sealedCorrection: 1 }).orFail().lean();
      if (sealedCorrection !== undefined) return secretBox.open({ sealed: sealedCorrection, owner: id });
      return buffer(await this.openBytes(id));
    },

    /** What is kept of a line, and of its correction: an erasure looks for a patient in both. */
    async readTexts(id: string): Promise<Buffer[]> {
      const document = await model.findById(id, { sealedCorrection: 1 }).lean();
      if (!document) return [];
      const { sealedCorrection } = document;
      const corrected = sealedCorrection === undefined ? [] : [secretBox.open({ sealed: sealedCorrection, owner: id })];
      return [await buffer(await this.openBytes(id)), ...corrected];
    },

    async saveCorrection({ id, bytes }: { readonly id: string; readonly bytes: Buffer }): Promise<void> {
      const sealedCorrection = secretBox.seal({ plaintext: bytes, owner: id });
      await model.updateOne({ _id: id, state: 'open' }, { $set: { sealedCorrection } });
    },

    /** @param reason why the line is still no resource; undefined: it is stored now. */
    async noteReplay({
      id,
      reason,
      now,
    }: {
      readonly id: string;
      readonly reason?: string | undefined;
      readonly now: Date;
    }) {
      const replay = { at: now, ...(reason === undefined ? {} : { reason }) };
      await model.updateOne({ _id: id }, { $set: { replay, state: reason === undefined ? 'replayed' : 'open' } });
    },

    countOpen: (fileId: string): Promise<number> => model.countDocuments({ fileId, state: 'open' }),

    countWithheld: (fileId: string): Promise<number> => model.countDocuments({ fileId, state: 'withheld' }),

    /**
     * Removes the content of a line of an erased patient. Its place stays, which is how a replay of other lines knows the counts.
     * @returns false if that was done before, or there is no such line
     */
    async withhold({ id, now }: { readonly id: string; readonly now: Date }): Promise<boolean> {
      const line = await model
        .findOne({ _id: id, state: { $ne: 'withheld' } }, { exportId: 1, keptBytes: 1, state: 1 })
        .lean();
      if (!line) return false;
      await files.removeOf(id);
      // A replayed line is a stored resource in the counts, which stays one: its record is of no more use.
      const isReplayed = line.state === 'replayed';
      const gone = { sealedBytes: 1, sealedFile: 1, sealedCorrection: 1, sha256: 1 } as const;
      const change = { $set: { state: 'withheld' as const, keptBytes: 0, replay: { at: now } }, $unset: gone };
      const isChanged = isReplayed
        ? (await model.deleteOne({ _id: id, state: 'replayed' })).deletedCount === 1
        : (await model.updateOne({ _id: id, state: 'open' }, change)).matchedCount === 1;
      if (isChanged) await usage.updateOne({ _id: line.exportId }, { $inc: { keptBytes: -(line.keptBytes ?? 0) } });
      return isChanged;
    },

    /** Whether an export, or a sync run, has lines that are not stored yet. */
    async hasOpen(exportId: string): Promise<boolean> {
      return (await model.exists({ exportId, state: 'open' })) !== null;
    },

    /** Removes lines that are stored. @returns how many */
    async deleteReplayed(ids: readonly string[]): Promise<number> {
      const replayed = { _id: { $in: [...ids] }, state: 'replayed' as const };
      const documents = await model.find(replayed, { exportId: 1, keptBytes: 1, sealedFile: 1 }).lean();
      let deleted = 0;
      for (const { _id, exportId, keptBytes = 0, sealedFile } of documents) {
        const { deletedCount } = await model.deleteOne({ _id, state: 'replayed' });
        deleted += deletedCount;
        if (deletedCount > 0) await usage.updateOne({ _id: exportId }, { $inc: { keptBytes: -keptBytes } });
        if (sealedFile !== undefined) await files.removeOf(_id);
      }
      return deleted;
    },

    /** Removes what is left of an export, or a sync run, whose record is deleted. */
    async deleteByExport(exportId: string): Promise<void> {
      const withFile = model.find({ exportId, sealedFile: { $exists: true } }, { _id: 1 }).lean();
      for await (const { _id } of withFile.cursor()) await files.removeOf(_id);
      await model.deleteMany({ exportId });
      await usage.deleteOne({ _id: exportId });
    },

    /** The file, or the search, is read again from its beginning. @returns how many lines were removed */
    async deleteByFile(fileId: string): Promise<number> {
      const documents = await model.find({ fileId, sealedFile: { $exists: true } }, { _id: 1 }).lean();
      for (const { _id } of documents) await files.removeOf(_id);
      const kept = await model.aggregate<{ readonly _id: string; readonly bytes: number }>([
        { $match: { fileId } },
        { $group: { _id: '$exportId', bytes: { $sum: '$keptBytes' } } },
      ]);
      const { deletedCount } = await model.deleteMany({ fileId });
      for (const { _id: exportId, bytes } of kept) await addUsage(exportId, -bytes);
      return deletedCount;
    },
  };
}

/** What `fileId` is for the entries of a search. */
export function searchFileId({
  stepId,
  resourceType,
}: {
  readonly stepId: string;
  readonly resourceType: string;
}): string {
  return `${stepId}.${resourceType}`;
}

/** Padded, so that the order of ids is the order of lines and pages; 16 digits are the largest safe integer. */
function idOf(place: Pick<QuarantinedLine, 'fileId' | 'offset'> & Partial<QuarantinedLine>): string {
  const { source, fileId, line, offset } = place;
  const page = source === 'sync' ? `${String(line).padStart(6, '0')}.` : '';
  return `${fileId}.${page}${String(offset).padStart(16, '0')}`;
}

function keptBytesOf({ bytes, keptBytes = 0 }: QuarantinedLine): number {
  return bytes?.length ?? keptBytes;
}

function toEntry({
  _id,
  sealedBytes: _,
  sealedFile: __,
  sealedCorrection,
  keptBytes,
  isTruncated = false,
  ...fields
}: QuarantineDocument): QuarantineEntry {
  const isCorrected = sealedCorrection !== undefined;
  return { id: _id, ...fields, keptBytes: keptBytes ?? fields.sizeBytes, isTruncated, isCorrected };
}

/** The repository of this feature. */
export interface QuarantineStore {
  readonly quarantine: ReturnType<typeof createQuarantineRepository>;
}
