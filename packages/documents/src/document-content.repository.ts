import { randomBytes } from 'node:crypto';
import type { Immutable } from '@bulkhead/base';
import { decryptBytes, encryptBytes } from '@bulkhead/base/encryption';
import {
  collectionOf,
  createEncryptedField,
  type EncryptedFiles,
  type EncryptedFileWriter,
  isDuplicateKey,
  mongooseSchemaOf,
  type StoreContext,
} from '@bulkhead/store';
import { z } from 'zod';
import { collections } from './collections.ts';

/** A content of at most so many bytes is stored in its record. It is the size of a chunk in GridFS, which costs six more commands. */
export const maxInlineBytes = 255 * 1024;

/** A content and its encrypted parts. All parts but the last have `partBytes`. One that is in its record has none. */
const contentSchema = z.strictObject({
  connectionId: z.string(),
  sha256: z.string(),
  sizeBytes: z.int(),
  upload: z.string(),
  parts: z.array(z.string()),
  partBytes: z.int(),
  createdAt: z.date(),
});
export type DocumentContent = Immutable<z.output<typeof contentSchema>>;

const documentSchema = contentSchema.extend({
  /** `<connectionId>/<sha256>`, so that equal contents of a connection are stored once. */
  id: z.string(),
  /** Since when no known document refers to it. */
  unreferencedSince: z.date().exactOptional(),
  /** The content, if it is in its record: encrypted with a key of its own, which is encrypted with the key of the deployment. */
  inline: z
    .strictObject({ encryptedKey: z.string(), bytes: z.custom<{ readonly buffer: Uint8Array }>() })
    .exactOptional(),
});
type StoredContent = Immutable<z.output<typeof contentSchema>> & Pick<z.output<typeof documentSchema>, 'inline'>;

const schema = mongooseSchemaOf(documentSchema, { collection: collections.documentContents });
// Before an upload is removed, a query checks whether it is in use.
schema.index({ upload: 1 });
// A rotation of the key looks for outdated keys, and must not read the contents for it.
schema.index({ 'inline.encryptedKey': 1 }, { sparse: true });

export interface StoredParts {
  readonly upload: string;
  readonly parts: readonly string[];
}

/**
 * `document_contents` and the GridFS bucket `document_files`: each content once. A small one is in its record. A larger one is in parts that
 * are encrypted separately. A download can therefore resume after its last part, and a range can be read without the bytes before it.
 */
export class DocumentContentRepository {
  readonly encryptedFields;
  readonly #gate;
  readonly #files;
  readonly #model;
  readonly #inlineKeys;

  constructor({ database, secretBox, gate, files }: StoreContext & { readonly files: EncryptedFiles }) {
    this.#gate = gate;
    this.#files = files;
    this.#model = database.model('DocumentContent', schema);
    this.#inlineKeys = createEncryptedField({
      database,
      secretBox,
      collection: collections.documentContents,
      field: 'inline.encryptedKey',
      ownerOf: (id) => id,
    });
    this.encryptedFields = [this.#inlineKeys, ...files.encryptedFields];
  }

  createPart({ connectionId, upload, index }: Part): Promise<EncryptedFileWriter> {
    return this.#files.create({ owner: ownerOf(upload, index), connectionId });
  }

  /**
   * Makes an upload the content with its hash, unless another upload already is.
   * @returns the content with this hash, which may be of another upload
   */
  async insert(content: DocumentContent): Promise<DocumentContent> {
    const _id = idOf(content);
    for (;;) {
      try {
        await this.#gate.admit(content.connectionId, () => collectionOf(this.#model).insertOne({ _id, ...content }));
        return content;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      // A document will refer to the content again. If the retention has just deleted it, the next try inserts this upload.
      const existing = await this.#model.findByIdAndUpdate(_id, unmark, { projection: { inline: 0 } }).lean();
      if (existing) return existing;
    }
  }

  /** Stores a content of at most `maxInlineBytes` in its record, unless a content with its hash is stored already. */
  async put(content: DocumentContent, bytes: Buffer): Promise<void> {
    const _id = idOf(content);
    await this.#gate.admit(content.connectionId, async () => {
      const key = randomBytes(32);
      const inline = {
        encryptedKey: this.#inlineKeys.encrypt(_id, key),
        bytes: encryptBytes(bytes, { key, owner: _id }),
      };
      // A document will refer to the content again.
      const change = { $setOnInsert: { ...content, inline }, ...unmark };
      const upsert = () => collectionOf(this.#model).updateOne({ _id }, change as object, { upsert: true });
      await upsert().catch((error) => {
        if (!isDuplicateKey(error)) throw error;
        // Another upsert of the same content was first.
        return upsert();
      });
    });
  }

  /** Counts the contents, and the parts of contents and of running downloads. */
  async count(): Promise<{ readonly contents: number; readonly parts: number }> {
    return { contents: await this.#model.countDocuments(), parts: await this.#files.count() };
  }

  async find(key: Pick<DocumentContent, 'connectionId' | 'sha256'>): Promise<StoredContent | undefined> {
    return (await this.#model.findById(idOf(key)).lean()) ?? undefined;
  }

  /** Reads the bytes of a content from `start` up to `end` (exclusive). */
  async *read(
    content: StoredContent,
    { start, end }: { readonly start: number; readonly end: number },
  ): AsyncGenerator<Buffer> {
    const { inline } = content;
    if (!inline) return yield* this.readParts(content, { start, end });
    const owner = idOf(content);
    const key = this.#inlineKeys.decrypt(owner, inline.encryptedKey);
    yield decryptBytes(Buffer.from(inline.bytes.buffer), { key, owner }).subarray(start, end);
  }

  /**
   * Reads the bytes from `start` up to `end` (exclusive). Decryption fails if a part is not at the position for which it was
   * encrypted.
   */
  async *readParts(
    { upload, parts, partBytes }: Pick<DocumentContent, 'upload' | 'parts' | 'partBytes'>,
    { start, end }: { readonly start: number; readonly end: number },
  ): AsyncGenerator<Buffer> {
    for (let index = Math.floor(start / partBytes); index * partBytes < end; index++) {
      let position = index * partBytes;
      const file = parts[index];
      if (file === undefined) return;
      // Read the whole part, because its end proves that it is authentic.
      for await (const chunk of this.#files.open({ owner: ownerOf(upload, index), file })) {
        const bytes = chunk as Buffer;
        const part = bytes.subarray(Math.max(start - position, 0), Math.max(end - position, 0));
        position += bytes.length;
        if (part.length > 0) yield part;
      }
    }
  }

  /** Removes parts that were not committed, unless they belong to a content by now. */
  async removeParts({ upload, parts }: StoredParts): Promise<void> {
    if (await this.#model.exists({ upload, parts: { $in: [...parts] } })) return;
    for (const file of parts) await this.#files.remove(file);
  }

  /** Removes the files that failed attempts have left for the parts of an upload. */
  async removeLeftovers({ upload, parts }: StoredParts): Promise<void> {
    for (const [index, except] of parts.entries()) await this.#files.removeOf(ownerOf(upload, index), { except });
    // An attempt may have been killed while it wrote the next part.
    await this.#files.removeOf(ownerOf(upload, parts.length));
  }

  /** Removes an upload, unless it is a content. It may be one if a worker was killed before it could record that. */
  async remove({ upload, parts }: StoredParts): Promise<void> {
    if (await this.#model.exists({ upload })) return;
    await this.removeFiles({ upload, parts });
  }

  /** Removes the parts of a content that is being erased, although its record still exists. */
  async removeFiles({ upload, parts }: StoredParts): Promise<void> {
    // The content is in its record.
    if (parts.length === 0) return;
    for (let index = 0; index <= parts.length; index++) await this.#files.removeOf(ownerOf(upload, index));
  }

  /** Removes the parts that late attempts have stored for a connection whose documents are erased. */
  removeAllOf(connectionId: string): Promise<void> {
    return this.#files.removeBelow(connectionId);
  }

  /**
   * Removes what late attempts have stored for a document that was erased: parts, and a content that they have inserted.
   * @returns how many contents. One that another document uses stays
   */
  async removeOfDocument(document: { readonly connectionId: string; readonly id: string }, isUsed: IsUsed) {
    const uploads = uploadsOf(document);
    const inserted = await this.#model
      .find({ upload: { $gte: `${uploads}.`, $lt: `${uploads}/` } }, { inline: 0 })
      .lean();
    let removed = 0;
    for (const content of inserted) {
      if (await isUsed(content)) return removed;
      await this.removeFiles(content);
      removed += (await this.#model.deleteOne({ _id: content._id })).deletedCount;
    }
    await this.#files.removeBelow(uploads);
    return removed;
  }
}

const unmark = { $unset: { unreferencedSince: 1 } } as const;

type IsUsed = (content: Pick<DocumentContent, 'connectionId' | 'sha256'>) => Promise<boolean>;

/** The ids of the uploads of a document begin with this and a dot, so that an erasure finds those of late attempts. */
export function uploadsOf({ connectionId, id }: { readonly connectionId: string; readonly id: string }): string {
  return `${connectionId}.${id}`;
}

interface Part {
  readonly connectionId: string;
  readonly upload: string;
  readonly index: number;
}

function ownerOf(upload: string, index: number): string {
  return `${upload}.${index}`;
}

function idOf({ connectionId, sha256 }: Pick<DocumentContent, 'connectionId' | 'sha256'>): string {
  return `${connectionId}/${sha256}`;
}
