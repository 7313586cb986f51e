import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { SecretBox } from '@bulkhead/base/encryption';
import { createDecryptStream, createEncryptStream } from '@bulkhead/base/encryption';
import type mongoose from 'mongoose';
import type { Database } from '../connection/database.ts';
import type { WriteGate } from '../connection/write-gate.ts';
import { createEncryptedField } from './encrypted-field.ts';

/** Writes an encrypted file to the database. `write` waits while the database is slower than the caller. */
export interface EncryptedFileWriter {
  write(bytes: Buffer): Promise<void>;
  /** Resolves when everything is stored. @returns the file's id, for `open`. */
  end(): Promise<string>;
  /** Removes what was written so far. */
  abort(): Promise<void>;
}

interface FileDocument {
  readonly _id: string;
  /** The file's key, encrypted with the key of the deployment. */
  readonly metadata?: { readonly encryptedKey: string };
}

/**
 * Encrypted files of any length in GridFS. Each file has its own key, which is encrypted with the key of the deployment. A
 * rotation therefore encrypts only the files' keys again, not the files. Each upload creates a new file, because two workers may
 * write for the same owner at the same time, or a worker may be killed in the middle. The owner's record names the valid file.
 */
export class EncryptedFiles {
  /** The keys of the files. A rotation encrypts them again. */
  readonly encryptedFields;
  readonly #database;
  readonly #bucketName;
  readonly #gate;
  readonly #fileKeys;
  #opened: mongoose.mongo.GridFSBucket | undefined;

  constructor(options: {
    readonly database: Database;
    readonly bucketName: string;
    readonly secretBox: SecretBox;
    readonly gate: Pick<WriteGate, 'enter'>;
  }) {
    const { database, bucketName, secretBox, gate } = options;
    this.#database = database;
    this.#bucketName = bucketName;
    this.#gate = gate;
    this.#fileKeys = createEncryptedField({
      database,
      secretBox,
      collection: `${bucketName}.files`,
      field: 'metadata.encryptedKey',
      ownerOf: (file) => file,
    });
    this.encryptedFields = [this.#fileKeys];
  }

  /**
   * The caller must call `end` or `abort`.
   * @param options.owner the id of the record that the file belongs to: letters, digits, `.`, `_` and `-`
   * @throws AppError if nothing may be stored for the connection
   */
  async create({ owner, connectionId }: { readonly owner: string; readonly connectionId: string }) {
    const admission = await this.#gate.enter(connectionId);
    const file = `${owner}/${randomUUID()}`;
    const key = randomBytes(32);
    const source = new PassThrough();
    const metadata = { encryptedKey: this.#fileKeys.encrypt(file, key) };
    const upload = this.#bucket().openUploadStreamWithId(gridId(file), file, { metadata });
    const stored = pipeline(source, createEncryptStream({ key, owner }), upload);
    // `end` awaits this promise. If it is rejected earlier, the next `write` that waits fails too.
    stored.catch(() => undefined);
    const writer: EncryptedFileWriter = {
      async write(bytes) {
        if (!source.write(bytes)) await Promise.race([once(source, 'drain'), stored]);
      },
      async end() {
        source.end();
        try {
          await stored;
        } catch (error) {
          admission.end(error);
          throw error;
        }
        admission.end();
        return file;
      },
      abort: async () => {
        const aborted = new Error('the upload was aborted');
        source.destroy(aborted);
        await stored.catch(() => undefined);
        // The driver does not say when the last chunk was stored.
        admission.end(aborted);
        await this.#removeWhere({ $in: [file] });
      },
    };
    return writer;
  }

  /** Streams the decrypted bytes. The stream fails if the file was changed or does not exist. */
  open({ owner, file }: { readonly owner: string; readonly file: string }): Readable {
    return Readable.from(this.#read({ owner, file }), { objectMode: false });
  }

  /** Counts the complete files of all owners, without unfinished uploads. */
  count(): Promise<number> {
    return this.#database.collection(`${this.#bucketName}.files`).countDocuments();
  }

  /** Removes this file only, not the other files of its owner. */
  remove(file: string): Promise<void> {
    return this.#removeWhere({ $in: [file] });
  }

  /** Removes all files of an owner, or all except the valid one. */
  async removeOf(owner: string, { except }: { readonly except?: string } = {}): Promise<void> {
    const ofOwner = idsBelow(owner);
    await this.#removeWhere(except === undefined ? ofOwner : { ...ofOwner, $ne: except });
  }

  /** Removes all files and unfinished uploads of owners whose name begins with `<name>.`. */
  removeBelow(name: string): Promise<void> {
    return this.#removeWhere({ $gte: `${name}.`, $lt: `${name}/` });
  }

  /** Kept, because each new one asks MongoDB for its indexes. */
  #bucket() {
    this.#opened ??= this.#database.bucket(this.#bucketName);
    return this.#opened;
  }

  /** Also removes the chunks of unfinished uploads, which the driver's `delete` does not do. */
  async #removeWhere(files: object): Promise<void> {
    await this.#database.collection(`${this.#bucketName}.files`).deleteMany({ _id: files });
    await this.#database.collection(`${this.#bucketName}.chunks`).deleteMany({ files_id: files });
  }

  async #readKey(file: string): Promise<Buffer> {
    const document = await this.#database.collection<FileDocument>(`${this.#bucketName}.files`).findOne({ _id: file });
    if (!document) throw new Error('the encrypted file does not exist');
    return this.#fileKeys.decrypt(file, document.metadata?.encryptedKey ?? '');
  }

  async *#read({ owner, file }: { readonly owner: string; readonly file: string }): AsyncGenerator<Buffer> {
    const opened = createDecryptStream({ key: await this.#readKey(file), owner });
    pipeline(this.#bucket().openDownloadStream(gridId(file)), opened).catch((error: Error) => opened.destroy(error));
    yield* opened as AsyncIterable<Buffer>;
  }
}

/** GridFS accepts an id of any type. The types of the driver know one only. */
function gridId(file: string): mongoose.mongo.ObjectId {
  return file as never;
}

/** Matches the ids that begin with `<owner>/`, by a range that can use an index. "0" is the character after "/". */
export function idsBelow(owner: string): { readonly $gte: string; readonly $lt: string } {
  return { $gte: `${owner}/`, $lt: `${owner}0` };
}
