import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import mongoose, { type Connection as Database } from 'mongoose';
import { idsBelow } from './ids-below.ts';
import { createSealedPlace } from './sealed-place.ts';
import { createOpenStream, createSealStream } from './sealed-stream.ts';
import type { SecretBox } from './secret-box.ts';

/** Bytes on their way into the database, at the database's pace. */
export interface SealedFileWriter {
  write(bytes: Buffer): Promise<void>;
  /** Resolves when everything is stored. @returns what `open` needs. */
  end(): Promise<string>;
  /** Removes what was written so far. */
  abort(): Promise<void>;
}

export type SealedFiles = ReturnType<typeof createSealedFiles>;

interface FileDocument {
  readonly _id: string;
  /** The file's own key, sealed for the file. */
  readonly metadata?: { readonly sealedKey: string };
}

/**
 * Sealed bytes of any length in GridFS, each file with a key of its own, which is sealed in turn: a new key of the
 * deployment means a new seal on some bytes, and the file stays where it is. Each upload is a file of its own, since two
 * workers may write for the same owner at a time, or one have been killed in the middle; the owner's record names the one
 * that counts.
 */
export function createSealedFiles(options: {
  readonly database: Database;
  readonly bucketName: string;
  readonly secretBox: SecretBox;
}) {
  const { database, bucketName, secretBox } = options;
  const bucket = () => {
    if (!database.db) throw new Error('the store is not connected');
    return new mongoose.mongo.GridFSBucket(database.db, { bucketName });
  };
  /** Also the chunks of an upload that did not end, which the driver's own `delete` does not look for. */
  const remove = async (files: object): Promise<void> => {
    await database.collection(`${bucketName}.files`).deleteMany({ _id: files });
    await database.collection(`${bucketName}.chunks`).deleteMany({ files_id: files });
  };
  const readKey = async (file: string): Promise<Buffer> => {
    const document = await database.collection<FileDocument>(`${bucketName}.files`).findOne({ _id: file });
    if (!document) throw new Error('the sealed file is gone');
    return secretBox.open({ sealed: document.metadata?.sealedKey ?? '', owner: file });
  };
  return {
    /** The files' keys, which are what a rotation seals again. */
    sealedPlaces: [
      createSealedPlace({
        database,
        secretBox,
        collection: `${bucketName}.files`,
        field: 'metadata.sealedKey',
        ownerOf: (file) => file,
      }),
    ],

    /** @param owner the id of the record that the bytes belong to; letters, digits, `.`, `_` and `-`. */
    create(owner: string): SealedFileWriter {
      const file = `${owner}/${randomUUID()}`;
      const key = randomBytes(32);
      const source = new PassThrough();
      const metadata = { sealedKey: secretBox.seal({ plaintext: key, owner: file }) };
      const upload = bucket().openUploadStreamWithId(file as never, file, { metadata });
      const stored = pipeline(source, createSealStream({ key, owner }), upload);
      // Awaited by `end`; a failure before that also fails the next `write`.
      stored.catch(() => undefined);
      return {
        async write(bytes) {
          if (!source.write(bytes)) await Promise.race([once(source, 'drain'), stored]);
        },
        async end() {
          source.end();
          await stored;
          return file;
        },
        async abort() {
          source.destroy();
          await stored.catch(() => undefined);
          await remove({ $in: [file] });
        },
      };
    },

    /** The bytes as they were written. A changed or missing file is an error of the stream. */
    open({ owner, file }: { readonly owner: string; readonly file: string }): Readable {
      return Readable.from(read({ owner, file }), { objectMode: false });
    },

    /** Whole files of all owners; those that never ended are not among them. */
    count: (): Promise<number> => database.collection(`${bucketName}.files`).countDocuments(),

    /** Removes one file, and no other of its owner. */
    remove: (file: string): Promise<void> => remove({ $in: [file] }),

    /** Removes everything of an owner, or all but the file that counts. */
    async removeOf(owner: string, { except }: { readonly except?: string } = {}): Promise<void> {
      const ofOwner = idsBelow(owner);
      await remove(except === undefined ? ofOwner : { ...ofOwner, $ne: except });
    },

    /** Removes everything of every owner whose name begins with this one's and a dot, also uploads that never ended. */
    removeBelow: (name: string): Promise<void> => remove({ $gte: `${name}.`, $lt: `${name}/` }),
  };

  async function* read({ owner, file }: { readonly owner: string; readonly file: string }): AsyncGenerator<Buffer> {
    const opened = createOpenStream({ key: await readKey(file), owner });
    pipeline(bucket().openDownloadStream(file as never), opened).catch((error: Error) => opened.destroy(error));
    yield* opened as AsyncIterable<Buffer>;
  }
}
