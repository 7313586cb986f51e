import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import mongoose, { type Connection as Database } from 'mongoose';
import { createOpenStream, createSealStream } from './sealed-stream.ts';

/** Bytes on their way into the database, at the database's pace. */
export interface SealedFileWriter {
  write(bytes: Buffer): Promise<void>;
  /** Resolves when everything is stored. */
  end(): Promise<void>;
  /** Removes what was written so far. */
  abort(): Promise<void>;
}

export type SealedFiles = ReturnType<typeof createSealedFiles>;

/**
 * Sealed bytes of any length in GridFS, under ids of ours. Writing an id again replaces it, also where an earlier attempt
 * was killed in the middle.
 */
export function createSealedFiles(options: {
  readonly database: Database;
  readonly bucketName: string;
  readonly key: Buffer;
}) {
  const { database, bucketName, key } = options;
  const bucket = () => {
    if (!database.db) throw new Error('the store is not connected');
    return new mongoose.mongo.GridFSBucket(database.db, { bucketName });
  };
  const remove = async (id: string): Promise<void> => {
    // The driver's `delete` fails where there is no file, but removes the chunks of an upload that did not end.
    await database.collection(`${bucketName}.files`).deleteOne({ _id: id as never });
    await database.collection(`${bucketName}.chunks`).deleteMany({ files_id: id });
  };
  return {
    remove,

    async create(id: string): Promise<SealedFileWriter> {
      await remove(id);
      const source = new PassThrough();
      const upload = bucket().openUploadStreamWithId(id as never, id);
      const stored = pipeline(source, createSealStream({ key, owner: id }), upload);
      // Awaited by `end`; a failure before that also fails the next `write`.
      stored.catch(() => undefined);
      return {
        async write(bytes) {
          if (!source.write(bytes)) await Promise.race([once(source, 'drain'), stored]);
        },
        async end() {
          source.end();
          await stored;
        },
        async abort() {
          source.destroy();
          await stored.catch(() => undefined);
          await remove(id);
        },
      };
    },

    /** The bytes as they were written. A changed or missing file is an error of the stream. */
    open(id: string): Readable {
      const opened = createOpenStream({ key, owner: id });
      pipeline(bucket().openDownloadStream(id as never), opened).catch((error: Error) => opened.destroy(error));
      return opened;
    },
  };
}
