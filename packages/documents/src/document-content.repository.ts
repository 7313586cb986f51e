import type { Immutable } from '@bulkhead/runtime';
import {
  isDuplicateKey,
  mongooseFieldsOf,
  type SealedFiles,
  type SealedFileWriter,
  type Stored,
} from '@bulkhead/store';
import { type Connection as Database, Schema } from 'mongoose';
import { z } from 'zod';

/** A content and the encrypted parts that it is made of; all but the last have `partBytes`. */
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

export type DocumentContentRepository = ReturnType<typeof createDocumentContentRepository>;

const documentSchema = contentSchema.extend({
  /** `<connectionId>/<sha256>`: equal contents of a practice are one. */
  id: z.string(),
  /** Since when no document is known to name it. */
  unreferencedSince: z.date().exactOptional(),
});

const schema = new Schema<Stored<typeof documentSchema>>(mongooseFieldsOf(documentSchema), {
  collection: 'document_contents',
  versionKey: false,
  strict: 'throw',
});
// Before an upload is removed, it is asked whether it is in use.
schema.index({ upload: 1 });

export interface StoredParts {
  readonly upload: string;
  readonly parts: readonly string[];
}

/**
 * `document_contents` and the GridFS bucket `document_files`: each content once, in parts that are sealed one by one, so that a
 * download goes on after its last part and a range is read without what stands before it.
 */
export function createDocumentContentRepository(options: { readonly database: Database; readonly files: SealedFiles }) {
  const { database, files } = options;
  const model = database.model('DocumentContent', schema);
  const removeFiles = async ({ upload, parts }: StoredParts): Promise<void> => {
    for (let index = 0; index <= parts.length; index++) await files.removeOf(ownerOf(upload, index));
  };
  return {
    sealedPlaces: files.sealedPlaces,

    createPart: ({ upload, index }: { readonly upload: string; readonly index: number }): SealedFileWriter =>
      files.create(ownerOf(upload, index)),

    /**
     * Makes an upload the content of its hash.
     * @returns the content that counts: another upload's where that was first.
     */
    async claim(content: DocumentContent): Promise<DocumentContent> {
      const _id = idOf(content);
      for (;;) {
        try {
          await model.collection.insertOne({ _id, ...content } as never);
          return content;
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
        }
        // It is about to be named again. If the retention has just deleted it, this upload takes its place.
        const known = await model.findByIdAndUpdate(_id, { $unset: { unreferencedSince: 1 } }).lean();
        if (known) return known;
      }
    },

    /** What is kept: contents, and the parts that they and the downloads under way are made of. */
    async count(): Promise<{ readonly contents: number; readonly parts: number }> {
      return { contents: await model.countDocuments(), parts: await files.count() };
    },

    async find(key: Pick<DocumentContent, 'connectionId' | 'sha256'>): Promise<DocumentContent | undefined> {
      return (await model.findById(idOf(key)).lean()) ?? undefined;
    },

    /** The bytes from `start` to before `end`; a part's are only ever those that were sealed in its place. */
    async *read(
      { upload, parts, partBytes }: Pick<DocumentContent, 'upload' | 'parts' | 'partBytes'>,
      { start, end }: { readonly start: number; readonly end: number },
    ): AsyncGenerator<Buffer> {
      for (let index = Math.floor(start / partBytes); index * partBytes < end; index++) {
        let position = index * partBytes;
        const file = parts[index];
        if (file === undefined) return;
        // Read to its end, where it proves to be genuine.
        for await (const chunk of files.open({ owner: ownerOf(upload, index), file })) {
          const bytes = chunk as Buffer;
          const wanted = bytes.subarray(Math.max(start - position, 0), Math.max(end - position, 0));
          position += bytes.length;
          if (wanted.length > 0) yield wanted;
        }
      }
    },

    /** Removes parts that were not committed, unless they have become a content's. */
    async removeParts({ upload, parts }: StoredParts): Promise<void> {
      if (await model.exists({ upload, parts: { $in: [...parts] } })) return;
      for (const file of parts) await files.remove(file);
    },

    /** Removes what attempts at parts have left that do not count. */
    async tidy({ upload, parts }: StoredParts): Promise<void> {
      for (const [index, except] of parts.entries()) await files.removeOf(ownerOf(upload, index), { except });
      // Where an attempt was killed in its next part.
      await files.removeOf(ownerOf(upload, parts.length));
    },

    /** Not where it has become a content, as where a worker was killed before it could say so. */
    async remove({ upload, parts }: StoredParts): Promise<void> {
      if (await model.exists({ upload })) return;
      await removeFiles({ upload, parts });
    },

    /** Removes a content's parts, although the content is still there: it is erased. */
    removeFiles,
  };
}

function ownerOf(upload: string, index: number): string {
  return `${upload}.${index}`;
}

function idOf({ connectionId, sha256 }: Pick<DocumentContent, 'connectionId' | 'sha256'>): string {
  return `${connectionId}/${sha256}`;
}
