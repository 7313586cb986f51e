import { type Connection as Database, Schema } from 'mongoose';
import type { SecretBox } from './secret-box.ts';

/** A line that could not be stored, kept aside with where it stood and why. */
export interface QuarantinedLine {
  readonly connectionId: string;
  readonly exportId: string;
  readonly fileId: string;
  readonly line: number;
  /** Byte offset in the uncompressed file. */
  readonly offset: number;
  readonly reason: string;
  readonly bytes: Buffer;
}

interface QuarantineDocument extends Omit<QuarantinedLine, 'bytes'> {
  readonly _id: string;
  readonly sealedBytes: string;
  /** Length of the line; `sealedBytes` may hold only its beginning. */
  readonly sizeBytes: number;
  readonly createdAt: Date;
}

/** Enough to see what is wrong with a line; a document must stay far below BSON's 16 MB. */
const maxKeptBytes = 1024 * 1024;

const schema = new Schema<QuarantineDocument>(
  {
    _id: String,
    connectionId: { type: String, required: true },
    exportId: { type: String, required: true },
    fileId: { type: String, required: true },
    line: { type: Number, required: true },
    offset: { type: Number, required: true },
    reason: { type: String, required: true },
    sealedBytes: { type: String, required: true },
    sizeBytes: { type: Number, required: true },
    createdAt: { type: Date, required: true },
  },
  { collection: 'quarantine', versionKey: false, strict: 'throw' },
);
schema.index({ exportId: 1, fileId: 1, line: 1 });

/** `quarantine`: the bytes are patient data, so they are sealed. */
export function createQuarantineRepository({ database, secretBox }: { database: Database; secretBox: SecretBox }) {
  const model = database.model('Quarantine', schema);
  return {
    /** A line's place is its id: reading a file again quarantines nothing twice. */
    async put({ lines, now }: { readonly lines: readonly QuarantinedLine[]; readonly now: Date }): Promise<void> {
      if (lines.length === 0) return;
      const operations = lines.map(({ bytes, ...fields }) => {
        const _id = `${fields.fileId}.${fields.offset}`;
        const sealedBytes = secretBox.seal({ plaintext: bytes.subarray(0, maxKeptBytes), owner: _id });
        const replacement = { ...fields, sealedBytes, sizeBytes: bytes.length, createdAt: now };
        return { replaceOne: { filter: { _id }, replacement, upsert: true } };
      });
      await model.collection.bulkWrite(operations as never[], { ordered: false });
    },

    async listByExport(exportId: string): Promise<QuarantinedLine[]> {
      const documents = await model.find({ exportId }).sort({ fileId: 1, line: 1 }).lean();
      return documents.map(({ _id, sealedBytes, sizeBytes: _size, createdAt: _at, ...fields }) => ({
        ...fields,
        bytes: secretBox.open({ sealed: sealedBytes, owner: _id }),
      }));
    },
  };
}
