import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ConnectionScope } from '@bulkhead/domain';
import { type Connection as Database, Schema } from 'mongoose';
import { inScope } from './in-scope.ts';
import type { SealedFiles, SealedFileWriter } from './sealed-files.ts';
import { createSealedPlace } from './sealed-place.ts';
import type { SecretBox } from './secret-box.ts';

/** A line of a file, or an entry of a search's page, that could not be stored, with its place and the reason. */
export interface QuarantinedLine {
  readonly connectionId: string;
  /** `sync`: an entry of a search. Absent: a line of a file. */
  readonly source?: 'sync';
  /** The step whose search it is. Only of an entry. */
  readonly stepId?: string;
  /** The type that was searched. Only of an entry; that of a line is its file's. */
  readonly resourceType?: string;
  /** Of an entry the id of the sync run. */
  readonly exportId: string;
  /** Of an entry its search: `searchFileId`. */
  readonly fileId: string;
  /** Of an entry the number of its page, from 1. */
  readonly line: number;
  /** Byte offset in the uncompressed file. Of an entry its position on the page, from 0. */
  readonly offset: number;
  readonly reason: string;
  /** Absent where the line was too long to be held. */
  readonly bytes?: Buffer;
  /** What `createLongLine` gave for a line that was too long to be held. */
  readonly sealedFile?: string;
  readonly sizeBytes: number;
}

/** A line as it is listed: without its bytes, which are patient data. */
export interface QuarantineEntry extends Omit<QuarantinedLine, 'bytes' | 'sealedFile'> {
  readonly id: string;
  readonly state: 'open' | 'replayed';
  readonly createdAt: Date;
  /** An operator's corrected line is kept beside it. */
  readonly isCorrected: boolean;
  /** The last attempt to store it, and why it failed if it did. */
  readonly replay?: { readonly at: Date; readonly reason?: string };
}

interface QuarantineDocument extends Omit<QuarantineEntry, 'id' | 'isCorrected'> {
  readonly _id: string;
  /** The bytes, or the name of the file that holds them. */
  readonly sealedBytes?: string;
  readonly sealedFile?: string;
  readonly sealedCorrection?: string;
}

export interface QuarantineFilter {
  readonly connectionId?: string;
  readonly exportId?: string;
  readonly fileId?: string;
  readonly reason?: string;
  readonly state?: 'open' | 'replayed';
}

/** Longer lines are kept as sealed files: sealing adds a third, and a document must stay far below BSON's 16 MB. */
const maxInlineBytes = 1024 * 1024;

const schema = new Schema<QuarantineDocument>(
  {
    _id: String,
    connectionId: { type: String, required: true },
    source: String,
    stepId: String,
    resourceType: String,
    exportId: { type: String, required: true },
    fileId: { type: String, required: true },
    line: { type: Number, required: true },
    offset: { type: Number, required: true },
    reason: { type: String, required: true },
    state: { type: String, required: true },
    sealedBytes: String,
    sealedFile: String,
    sealedCorrection: String,
    sizeBytes: { type: Number, required: true },
    createdAt: { type: Date, required: true },
    replay: { type: { at: Date, reason: String }, _id: false },
  },
  { collection: 'quarantine', versionKey: false, strict: 'throw' },
);
// Ids begin with the export's, so one index serves an export and one of its files in their order.
schema.index({ connectionId: 1, _id: 1 });
schema.index({ exportId: 1, _id: 1 });
schema.index({ fileId: 1, state: 1 });

/** `quarantine`: the bytes are patient data, so they are sealed. */
export function createQuarantineRepository(options: {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly files: SealedFiles;
}) {
  const { database, secretBox, files } = options;
  const model = database.model('Quarantine', schema);

  const seal = async (id: string, { bytes, sealedFile }: QuarantinedLine) => {
    if (!bytes) return { sealedFile };
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

    /** A line's place is its id: reading a file again quarantines nothing twice. */
    async put({ lines, now }: { readonly lines: readonly QuarantinedLine[]; readonly now: Date }): Promise<void> {
      if (lines.length === 0) return;
      const operations = [];
      const written: { readonly _id: string; readonly except: string }[] = [];
      for (const line of lines) {
        const { bytes: _, sealedFile: __, ...fields } = line;
        const _id = idOf(line);
        const sealed = await seal(_id, line);
        const replacement = { ...fields, ...sealed, state: 'open', createdAt: now };
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

    /** The line as the server sent it, of whatever length. @throws for an id that there is not. */
    async openBytes(id: string): Promise<Readable> {
      const { sealedBytes, sealedFile } = await model.findById(id, { sealedBytes: 1, sealedFile: 1 }).orFail().lean();
      if (sealedFile !== undefined) return files.open({ owner: id, file: sealedFile });
      return Readable.from([secretBox.open({ sealed: sealedBytes ?? '', owner: id })]);
    },

    /** What a replay is to store: the correction where there is one, else the line itself. */
    async readLine(id: string): Promise<Buffer> {
      const { sealedCorrection } = await model.findById(id, { sealedCorrection: 1 }).orFail().lean();
      if (sealedCorrection !== undefined) return secretBox.open({ sealed: sealedCorrection, owner: id });
      return buffer(await this.openBytes(id));
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

    /** The file, or the search, is read again from its beginning. */
    async deleteByFile(fileId: string): Promise<void> {
      const documents = await model.find({ fileId, sealedFile: { $exists: true } }, { _id: 1 }).lean();
      for (const { _id } of documents) await files.removeOf(_id);
      await model.deleteMany({ fileId });
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

function toEntry({
  _id,
  sealedBytes: _,
  sealedFile: __,
  sealedCorrection,
  ...fields
}: QuarantineDocument): QuarantineEntry {
  return { id: _id, ...fields, isCorrected: sealedCorrection !== undefined };
}
