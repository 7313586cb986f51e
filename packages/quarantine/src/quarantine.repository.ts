/*
 * Lines that cannot be stored as resources are quarantined. They are encrypted, because they contain patient data. An operator can view
 * them, and can replay them with a correction, or after an update of this system that understands them.
 *
 *   put -> open -> replay job -> replayed    the line is stored as a resource. Retention deletes the quarantined line later
 *            ^         └───────> open        it is still not a usable resource. The reason of this attempt is recorded
 *            │         └───────> withheld    it belongs to an erased patient. Only its position is left
 *            └── a file that is read again puts the same lines under the same ids
 *
 * After a replay the counts of the file or the search are computed from the lines in the quarantine, so a repetition counts nothing
 * twice.
 */
import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { listMentionedPatients } from '@bulkhead/fhir';
import type { AppError } from '@bulkhead/runtime';
import {
  type ConnectionScope,
  createEncryptedField,
  type EncryptedFiles,
  type EncryptedFileWriter,
  inScope,
  isDuplicateKey,
  type KeptOutList,
  mongooseSchemaOf,
  type StoreContext,
  type Stored,
} from '@bulkhead/store';
import { z } from 'zod';
import { quarantineError } from './errors.ts';
import { type QuarantinedLine, type QuarantineEntry, quarantineEntrySchema } from './quarantine.record.ts';

/** Only this many bytes of a longer line are kept. Every line that a document can hold is shorter. */
export const maxKeptLineBytes = 16 * 1024 * 1024;

/**
 * The limit of the kept bytes of one export. Of further lines only the position, the reason, the size and the hash are kept, so that a
 * server that sends only bad lines cannot fill the disk.
 */
export const maxKeptExportBytes = 1024 * 1024 * 1024;

/**
 * The limit of the lines of one export or sync run. Each takes a record of about a kilobyte, however short the line is. Files and searches
 * stop when most of their lines are bad, but a run can have thousands of them. An operator cannot look through more lines than this.
 */
export const maxQuarantinedLines = 100_000;

const documentSchema = quarantineEntrySchema.omit({ isCorrected: true }).extend({
  /** Absent in records of versions that did not truncate lines. The same is true for `isTruncated`. */
  keptBytes: quarantineEntrySchema.shape.keptBytes.exactOptional(),
  isTruncated: quarantineEntrySchema.shape.isTruncated.exactOptional(),
  /** The encrypted bytes. Longer lines have `sealedFile` instead, and lines without kept bytes have neither. */
  sealedBytes: z.string().exactOptional(),
  sealedFile: z.string().exactOptional(),
  sealedCorrection: z.string().exactOptional(),
});

type RecentLine = Pick<QuarantineEntry, 'connectionId' | 'reason' | 'createdAt'>;

export type QuarantineFilter = Partial<
  Pick<QuarantineEntry, 'connectionId' | 'exportId' | 'fileId' | 'reason' | 'state'>
>;

/** The filters whose lines an index contains without others. */
const countable = ['', 'connectionId', 'exportId', 'fileId', 'fileId,state', 'state'];

/** Longer lines are stored as encrypted files. Encryption adds a third, and a document must stay far below BSON's 16 MB. */
const maxInlineBytes = 1024 * 1024;

const schema = mongooseSchemaOf(documentSchema, { collection: 'quarantine' });
// An id starts with the id of the export, so the index also gives the lines of one file in their order.
schema.index({ connectionId: 1, _id: 1 });
schema.index({ exportId: 1, _id: 1 });
schema.index({ fileId: 1, state: 1 });
// Monitoring reads the lines of the last day.
schema.index({ state: 1, createdAt: 1 });

const usageSchema = z.strictObject({
  /** The id of the export or sync run. */
  id: z.string(),
  keptBytes: z.int(),
  /** Absent in records of versions that did not limit the lines. */
  lines: z.int().exactOptional(),
});

const usageModelSchema = mongooseSchemaOf(usageSchema, { collection: 'quarantine_usage' });

export type QuarantineRepository = ReturnType<typeof createQuarantineRepository>;

/** `quarantine`: the lines that could not be stored, encrypted. */
export function createQuarantineRepository(options: StoreContext & { readonly files: EncryptedFiles }) {
  const { database, secretBox, gate, files } = options;
  const model = database.model('Quarantine', schema);

  const usage = database.model('QuarantineUsage', usageModelSchema);

  /** @returns the sums after the change */
  const addUsage = async (exportId: string, added: { readonly keptBytes: number; readonly lines: number }) => {
    const change = { $inc: added };
    const options = { upsert: true, returnDocument: 'after' } as const;
    const add = () => usage.findOneAndUpdate({ _id: exportId }, change, options).lean();
    // Two workers can try to create the record at the same time.
    const after = await add().catch((error: unknown) => {
      if (isDuplicateKey(error)) return add();
      throw error;
    });
    return { keptBytes: after?.keptBytes ?? 0, lines: after?.lines ?? 0 };
  };

  /**
   * Reserves room for the bytes of an export's lines, in their order. A line that is put twice counts twice, so less than the limit
   * may be kept, but never more.
   * @returns the lines. Those that exceed the limit of bytes have no content
   * @throws AppError `quarantine-full` beyond the limit of lines
   */
  const reserve = async (exportId: string, lines: readonly QuarantinedLine[]): Promise<readonly QuarantinedLine[]> => {
    const neededBytes = lines.reduce((sum, line) => sum + keptBytesOf(line), 0);
    const needed = { keptBytes: neededBytes, lines: lines.length };
    const sums = await addUsage(exportId, needed);
    if (sums.lines > maxQuarantinedLines) {
      await addUsage(exportId, { keptBytes: -needed.keptBytes, lines: -needed.lines });
      throw quarantineFull();
    }
    let used = sums.keptBytes - neededBytes;
    let unused = 0;
    const reserved: QuarantinedLine[] = [];
    for (const line of lines) {
      const keptBytes = keptBytesOf(line);
      const isKept = used + keptBytes <= maxKeptExportBytes;
      if (isKept) used += keptBytes;
      else unused += keptBytes;
      reserved.push(isKept ? line : await discard(line));
    }
    if (unused > 0) await addUsage(exportId, { keptBytes: -unused, lines: 0 });
    return reserved;
  };

  /** Finds the files that the records of these lines name and that they will name no longer. */
  const findReplacedFiles = async (written: readonly { readonly _id: string; readonly sealedFile: string }[]) => {
    if (written.length === 0) return [];
    const [ids, kept] = [written.map(({ _id }) => _id), written.map(({ sealedFile }) => sealedFile)];
    const named = await model.find({ _id: { $in: ids }, sealedFile: { $nin: kept } }, { sealedFile: 1 }).lean();
    return named.flatMap(({ sealedFile }) => sealedFile ?? []);
  };

  const discard = async ({ bytes, sealedFile, ...line }: QuarantinedLine): Promise<QuarantinedLine> => {
    if (sealedFile !== undefined) await files.remove(sealedFile);
    return { ...line, keptBytes: 0, sha256: line.sha256 ?? hash('sha256', bytes ?? '', 'hex') };
  };

  const encrypt = async (id: string, { connectionId, bytes, sealedFile }: QuarantinedLine) => {
    if (!bytes) return sealedFile === undefined ? {} : { sealedFile };
    if (bytes.length <= maxInlineBytes) return { sealedBytes: lineBytes.encrypt(id, bytes) };
    const file = await files.create({ owner: id, connectionId });
    await file.write(bytes);
    return { sealedFile: await file.end() };
  };

  const isOf = async (line: QuarantinedLine, keptOut: KeptOutList): Promise<boolean> => {
    const { bytes, sealedFile } = line;
    const text = bytes ?? (sealedFile && (await buffer(files.open({ owner: idOf(line), file: sealedFile }))));
    return text !== undefined && text !== '' && [...listMentionedPatients(text)].some((id) => keptOut.hasPatient(id));
  };

  const putPositions = async (lines: readonly QuarantinedLine[], now: Date): Promise<void> => {
    const operations = lines.map(({ bytes: _, sealedFile: __, sha256: ___, ...line }) => {
      const replacement = { ...line, keptBytes: 0, isTruncated: false, state: 'withheld', createdAt: now };
      return { replaceOne: { filter: { _id: idOf(line) }, replacement, upsert: true } };
    });
    await model.collection.bulkWrite(operations as never[], { ordered: false });
    for (const { sealedFile } of lines) if (sealedFile !== undefined) await files.remove(sealedFile);
  };

  const putLines = async (lines: readonly QuarantinedLine[], now: Date): Promise<void> => {
    const [first] = lines;
    if (first === undefined) return;
    const operations = [];
    const written: { readonly _id: string; readonly sealedFile: string }[] = [];
    for (const line of await reserve(first.exportId, lines)) {
      const { bytes, sealedFile: _, ...fields } = line;
      const _id = idOf(line);
      const content = await encrypt(_id, line);
      const keptBytes = keptBytesOf(line);
      const sha256 = line.sha256 ?? hash('sha256', bytes ?? '', 'hex');
      const isTruncated = bytes === undefined && keptBytes < line.sizeBytes;
      const replacement = { ...fields, ...content, keptBytes, sha256, isTruncated, state: 'open', createdAt: now };
      operations.push({ replaceOne: { filter: { _id }, replacement, upsert: true } });
      if (content.sealedFile !== undefined) written.push({ _id, sealedFile: content.sealedFile });
    }
    // Only files that a record named. Another attempt may be writing a file for the same line.
    const replaced = await findReplacedFiles(written);
    await model.collection.bulkWrite(operations as never[], { ordered: false });
    for (const file of replaced) await files.remove(file);
  };

  const fieldOptions = { database, secretBox, collection: 'quarantine', ownerOf: (id: string) => id };
  const lineBytes = createEncryptedField({ ...fieldOptions, field: 'sealedBytes' });
  const corrections = createEncryptedField({ ...fieldOptions, field: 'sealedCorrection' });

  return {
    encryptedFields: [lineBytes, corrections, ...files.encryptedFields],

    /**
     * Quarantines lines. The id of a line is derived from its position, so reading a file again quarantines nothing twice. Of a line that
     * mentions a patient who is kept out, only the position is stored.
     * @param options.lines lines of one export
     * @returns how many lines are of such patients
     */
    async put({ lines, now }: { readonly lines: readonly QuarantinedLine[]; readonly now: Date }): Promise<number> {
      const [first] = lines;
      if (!first) return 0;
      return gate.admit(first.connectionId, async (keptOut) => {
        const withheld = new Set<QuarantinedLine>();
        if (keptOut) for (const line of lines) if (await isOf(line, keptOut)) withheld.add(line);
        if (withheld.size > 0) await putPositions([...withheld], now);
        await putLines(
          lines.filter((line) => !withheld.has(line)),
          now,
        );
        return withheld.size;
      });
    },

    /** Creates a file for a line that is too long for memory. Call `put` without `bytes` when the line has ended. */
    createLongLine: ({
      connectionId,
      ...position
    }: Pick<QuarantinedLine, 'connectionId' | 'fileId' | 'offset'>): Promise<EncryptedFileWriter> =>
      files.create({ owner: idOf(position), connectionId }),

    /** Lists lines in the order of files and positions. @param options.after the last id of the previous page */
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

    /** @returns the number of lines, at most `limit`, or undefined if no index can count them */
    async count(options: {
      readonly filter: QuarantineFilter;
      readonly scope: ConnectionScope;
      readonly limit: number;
    }): Promise<number | undefined> {
      const { filter, scope, limit } = options;
      const names = Object.keys(filter).toSorted().join();
      // A scope is one more criterion, unless the filter names a connection, which must be in it.
      const isCounted = countable.includes(names) && (scope === 'all' || names === 'connectionId');
      return isCounted ? model.countDocuments(filter as object, { limit }) : undefined;
    },

    async find(id: string): Promise<QuarantineEntry | undefined> {
      const document = await model.findById(id, { sealedBytes: 0, sealedFile: 0 }).lean();
      return document ? toEntry(document) : undefined;
    },

    /** Reads the kept bytes of a line, as the server sent them. @throws if the id does not exist */
    async openBytes(id: string): Promise<Readable> {
      const { sealedBytes, sealedFile } = await model.findById(id, { sealedBytes: 1, sealedFile: 1 }).orFail().lean();
      if (sealedFile !== undefined) return files.open({ owner: id, file: sealedFile });
      return Readable.from(sealedBytes === undefined ? [] : [lineBytes.decrypt(id, sealedBytes)]);
    },

    /** Reads the bytes for a replay: the correction or, if there is none, the line itself. */
    async readLine(id: string): Promise<Buffer> {
      const { sealedCorrection } = await model.findById(id, { sealedCorrection: 1 }).orFail().lean();
      if (sealedCorrection !== undefined) return corrections.decrypt(id, sealedCorrection);
      return buffer(await this.openBytes(id));
    },

    /** Reads the kept bytes of all lines of a connection, with their corrections. An erasure looks for a patient in them. */
    async *readAllTexts(connectionId: string) {
      const documents = model
        .find(withContent(connectionId), { isTruncated: 1, sealedBytes: 1, sealedFile: 1, sealedCorrection: 1 })
        .sort({ _id: 1 })
        .lean()
        .cursor({ batchSize: textsPerBatch });
      for await (const { _id: id, isTruncated = false, sealedBytes, sealedFile, sealedCorrection } of documents) {
        const texts = [
          ...(sealedBytes === undefined ? [] : [lineBytes.decrypt(id, sealedBytes)]),
          ...(sealedFile === undefined ? [] : [await buffer(files.open({ owner: id, file: sealedFile }))]),
          ...(sealedCorrection === undefined ? [] : [corrections.decrypt(id, sealedCorrection)]),
        ];
        yield { id, isTruncated, texts };
      }
    },

    countOfConnection: (connectionId: string): Promise<number> => model.countDocuments({ connectionId }),

    countWithContent: (connectionId: string): Promise<number> => model.countDocuments(withContent(connectionId)),

    async saveCorrection({ id, bytes }: { readonly id: string; readonly bytes: Buffer }): Promise<void> {
      await gate.write(() => {
        const sealedCorrection = corrections.encrypt(id, bytes);
        return model.updateOne({ _id: id, state: 'open' }, { $set: { sealedCorrection } });
      });
    },

    /** Records a replay. @param reason why the line is still not a usable resource. Undefined if it is stored */
    async noteReplay(options: { readonly id: string; readonly reason?: string | undefined; readonly now: Date }) {
      const { id, reason, now } = options;
      const replay = { at: now, ...(reason === undefined ? {} : { reason }) };
      // An erasure may have withheld the line in the meantime.
      const change = { $set: { replay, state: reason === undefined ? ('replayed' as const) : ('open' as const) } };
      await model.updateOne({ _id: id, state: 'open' }, change);
    },

    /** Lists the connection and the time of the open lines since `since`, the newest first. It reads at most `limit` records. */
    async listRecentOpen({ since, limit }: { readonly since: Date; readonly limit: number }): Promise<RecentLine[]> {
      const open = { state: 'open' as const, createdAt: { $gte: since } };
      const fields = { _id: 0, connectionId: 1, reason: 1, createdAt: 1 } as const;
      return model.find(open, fields).sort({ createdAt: -1 }).limit(limit).lean();
    },

    countOpen: (fileId: string): Promise<number> => model.countDocuments({ fileId, state: 'open' }),

    countWithheld: (fileId: string): Promise<number> => model.countDocuments({ fileId, state: 'withheld' }),

    /**
     * Removes the content of a line of an erased patient. The record stays, because replays of other lines compute the counts from it.
     * @returns false if that was done before, or the line does not exist
     */
    async withhold({ id, now }: { readonly id: string; readonly now: Date }): Promise<boolean> {
      const line = await model
        .findOne({ _id: id, state: { $ne: 'withheld' } }, { exportId: 1, keptBytes: 1, state: 1 })
        .lean();
      if (!line) return false;
      await files.removeOf(id);
      // A replayed line is counted as stored, and that does not change. Its record is no longer needed.
      const isReplayed = line.state === 'replayed';
      const contentFields = { sealedBytes: 1, sealedFile: 1, sealedCorrection: 1, sha256: 1 } as const;
      const change = { $set: { state: 'withheld' as const, keptBytes: 0, replay: { at: now } }, $unset: contentFields };
      const isChanged = isReplayed
        ? (await model.deleteOne({ _id: id, state: 'replayed' })).deletedCount === 1
        : (await model.updateOne({ _id: id, state: 'open' }, change)).matchedCount === 1;
      if (isChanged) await usage.updateOne({ _id: line.exportId }, { $inc: { keptBytes: -(line.keptBytes ?? 0) } });
      return isChanged;
    },

    /** The files and searches that have withheld lines. Their counts must be computed again. */
    async listWithheld(connectionId: string): Promise<readonly WithheldFile[]> {
      return model.aggregate<WithheldFile>([
        { $match: { connectionId, state: 'withheld' } },
        {
          $group: {
            _id: '$fileId',
            exportId: { $first: '$exportId' },
            source: { $first: '$source' },
            stepId: { $first: '$stepId' },
            resourceType: { $first: '$resourceType' },
          },
        },
        { $project: { _id: 0, fileId: '$_id', exportId: 1, source: 1, stepId: 1, resourceType: 1 } },
      ]);
    },

    async hasOpenSince({ fileId, since }: { readonly fileId: string; readonly since: Date }): Promise<boolean> {
      return (await model.exists({ fileId, state: 'open', createdAt: { $gte: since } })) !== null;
    },

    /** The exports and sync runs of a connection that have open lines. */
    listRunsWithOpen: (connectionId: string): Promise<string[]> =>
      model.distinct('exportId', { connectionId, state: 'open' }),

    /** Removes what is found by the ids of runs that are about to be deleted: files of unfinished lines, and the used room. */
    async forgetRuns(ids: readonly string[]): Promise<void> {
      await usage.deleteMany({ _id: { $in: [...ids] } });
      for (const id of ids) await files.removeBelow(id);
    },

    /** Whether an export or a sync run has open lines. */
    async hasOpen(exportId: string): Promise<boolean> {
      return (await model.exists({ exportId, state: 'open' })) !== null;
    },

    /** Removes replayed lines. @returns how many */
    async deleteReplayed(ids: readonly string[]): Promise<number> {
      const replayed = { _id: { $in: [...ids] }, state: 'replayed' as const };
      const documents = await model.find(replayed, { exportId: 1, keptBytes: 1, sealedFile: 1 }).lean();
      let deleted = 0;
      for (const { _id, exportId, keptBytes = 0, sealedFile } of documents) {
        const { deletedCount } = await model.deleteOne({ _id, state: 'replayed' });
        deleted += deletedCount;
        if (deletedCount > 0) await usage.updateOne({ _id: exportId }, { $inc: { keptBytes: -keptBytes, lines: -1 } });
        if (sealedFile !== undefined) await files.removeOf(_id);
      }
      return deleted;
    },

    /** Removes all lines of an export or a sync run whose record was deleted. */
    async deleteByExport(exportId: string): Promise<void> {
      const withFile = model.find({ exportId, sealedFile: { $exists: true } }, { _id: 1 }).lean();
      for await (const { _id } of withFile.cursor()) await files.removeOf(_id);
      await model.deleteMany({ exportId });
      await usage.deleteOne({ _id: exportId });
    },

    /** When a line of a file was last quarantined. @returns undefined if none was */
    async lastQuarantinedAt(fileId: string): Promise<Date | undefined> {
      const last = await model.findOne({ fileId }, { createdAt: 1 }).sort({ createdAt: -1 }).lean();
      return last?.createdAt;
    },

    /**
     * Removes the lines of a file or a search that is read again from its start.
     * @param until only lines that were quarantined until then
     * @returns how many
     */
    async deleteByFile(fileId: string, until?: Date): Promise<number> {
      const ofFile = { fileId, ...(until === undefined ? {} : { createdAt: { $lte: until } }) };
      const documents = await model.find({ ...ofFile, sealedFile: { $exists: true } }, { _id: 1 }).lean();
      for (const { _id } of documents) await files.removeOf(_id);
      const usages = await model.aggregate<{ readonly _id: string; readonly bytes: number; readonly lines: number }>([
        { $match: ofFile },
        { $group: { _id: '$exportId', bytes: { $sum: '$keptBytes' }, lines: { $sum: 1 } } },
      ]);
      const { deletedCount } = await model.deleteMany(ofFile);
      for (const { _id: exportId, bytes, lines } of usages)
        await addUsage(exportId, { keptBytes: -bytes, lines: -lines });
      return deletedCount;
    },
  };
}

/** A file or a search with withheld lines. */
type WithheldFile = Pick<QuarantineEntry, 'fileId' | 'exportId'> &
  Partial<Pick<QuarantineEntry, 'source' | 'stepId' | 'resourceType'>>;

function quarantineFull(): AppError {
  return quarantineError('quarantine-full', {
    message: `The quarantine has ${maxQuarantinedLines} lines of this run and takes no more. See the reasons in the quarantine, and contact the EHR's support.`,
  });
}

/** A line has up to 1 MB in its document. */
const textsPerBatch = 16;

function withContent(connectionId: string) {
  return { connectionId, state: { $in: ['open' as const, 'replayed' as const] } };
}

/** The `fileId` for the entries of a search. */
export function searchFileId(options: { readonly stepId: string; readonly resourceType: string }): string {
  const { stepId, resourceType } = options;
  return `${stepId}.${resourceType}`;
}

/** The numbers are padded, so that ids have the order of lines and pages. The largest safe integer has 16 digits. */
function idOf(position: Pick<QuarantinedLine, 'fileId' | 'offset'> & Partial<QuarantinedLine>): string {
  const { source, fileId, line, offset } = position;
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
}: Stored<typeof documentSchema>): QuarantineEntry {
  const isCorrected = sealedCorrection !== undefined;
  return { id: _id, ...fields, keptBytes: keptBytes ?? fields.sizeBytes, isTruncated, isCorrected };
}
