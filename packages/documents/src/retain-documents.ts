import {
  type Database,
  type EncryptedFiles,
  endOf,
  type Named,
  RetentionPass,
  type RetentionStep,
} from '@bulkhead/store';
import { collections } from './collections.ts';
import type { DocumentRepository } from './document.repository.ts';
import type { DocumentContent, DocumentContentRepository, StoredParts } from './document-content.repository.ts';

/** A record that is marked when nothing refers to it. */
interface Markable extends Named {
  /** When a pass first found that nothing refers to the record. */
  readonly unreferencedSince?: Date;
}

interface DocumentRecord extends Markable {
  readonly connectionId: string;
  readonly resource: { readonly type: string; readonly id: string };
  readonly index: number;
  readonly progress?: StoredParts;
}

/**
 * Reads which attachments the stored versions of resources have: their indexes, or `unknown` for an incomplete copy, which does not say what
 * it omits. Resources that are deleted or not stored are left out.
 */
export type ReadAttachments = (options: {
  readonly type: string;
  /** `<connectionId>/<resource id>` */
  readonly ids: readonly string[];
}) => AsyncIterable<{ readonly id: string; readonly indexes: ReadonlySet<number> | 'unknown' }>;

/**
 * Deletes documents whose resource was deleted or no longer has their attachment. Such a document is marked first. It is deleted when
 * the mark is old enough and nothing refers to the document still. If a resource refers to it again, the mark is removed, even between
 * two passes (`documents.note`). So a document that a resource refers to is never deleted.
 */
export function retainDocuments(options: {
  readonly database: Database;
  readonly contents: DocumentContentRepository;
  readonly readAttachments: ReadAttachments;
}): RetentionStep {
  const { database, contents, readAttachments } = options;
  return new RetentionPass({ database, kind: 'document' }).stepOver<DocumentRecord>({
    collection: collections.documents,
    projection: { connectionId: 1, resource: 1, index: 1, progress: 1, unreferencedSince: 1 },
    async deleteDue(page, { now, olderThan }) {
      const referenced = await findReferenced(readAttachments, page);
      let deleted = 0;
      for (const record of page) {
        const isReferenced = referenced.has(record._id);
        const mark = {
          database,
          collection: collections.documents,
          record,
          isReferenced,
          now,
          markedBefore: olderThan,
        };
        if (!(await applyMark(mark))) continue;
        deleted += 1;
        if (record.progress) await contents.remove(record.progress);
      }
      return deleted;
    },
  });
}

/** The ids of the documents whose attachment is in the stored version of their resource, or could be in it. */
async function findReferenced(
  readAttachments: ReadAttachments,
  page: readonly DocumentRecord[],
): Promise<ReadonlySet<string>> {
  const referenced = new Set<string>();
  for (const [type, documents] of Map.groupBy(page, ({ resource }) => resource.type)) {
    const byResource = Map.groupBy(documents, ({ connectionId, resource }) => `${connectionId}/${resource.id}`);
    for await (const { id, indexes } of readAttachments({ type, ids: [...byResource.keys()] }))
      for (const document of byResource.get(id) ?? [])
        if (indexes === 'unknown' || indexes.has(document.index)) referenced.add(document._id);
  }
  return referenced;
}

type ContentRecord = Markable & Pick<DocumentContent, 'connectionId' | 'sha256' | 'upload' | 'parts'>;

/** A download refers to its content only at its end. A job is aborted after an hour, so no active download is this old. */
const graceMs = 24 * 60 * 60_000;

/**
 * Deletes contents that no document refers to. A content waits for a day, regardless of the retention of documents, because that time
 * has already passed for its document.
 */
export function retainContents(options: {
  readonly database: Database;
  readonly contents: DocumentContentRepository;
  readonly documents: Pick<DocumentRepository, 'isContentUsed'>;
}): RetentionStep {
  const { database, contents, documents } = options;
  return new RetentionPass({ database, kind: 'document-content' }).stepOver<ContentRecord>({
    collection: collections.documentContents,
    projection: { inline: 0 },
    async deleteDue(page, { now }) {
      let deleted = 0;
      const markedBefore = new Date(now.getTime() - graceMs);
      for (const record of page) {
        const { connectionId, sha256 } = record;
        const isReferenced = await documents.isContentUsed({ connectionId, sha256, except: [] });
        // `insert` removes the mark if a download stores the same content in the meantime.
        const mark = { database, collection: collections.documentContents, record, isReferenced, now, markedBefore };
        if (!(await applyMark(mark))) continue;
        deleted += 1;
        await contents.remove(record);
      }
      return deleted;
    },
  });
}

/** Deletes uploads of abandoned downloads after a day. It finds them by their chunks, because an interrupted upload has no file record. */
export function retainUploads(options: { readonly database: Database; readonly files: EncryptedFiles }): RetentionStep {
  const { database, files } = options;
  const pass = new RetentionPass({ database, kind: 'document-upload' });
  const isUsed = async (upload: string): Promise<boolean> =>
    (await database.collection(collections.documentContents).findOne({ upload })) !== null ||
    (await database.collection(collections.documents).findOne({ 'progress.upload': upload })) !== null;
  return async (request) => {
    const { now, limit } = request;
    return pass.advance(request, async (after) => {
      const chunks = await database
        .collection<{ readonly _id: { getTimestamp(): Date }; readonly files_id: string }>('document_files.chunks')
        .find({ files_id: { $gt: after }, n: 0 }, { projection: { files_id: 1 } })
        .sort({ files_id: 1 })
        .limit(limit)
        .toArray();
      let deleted = 0;
      for (const { _id, files_id: file } of chunks) {
        const upload = uploadOf(file);
        if (upload === undefined || _id.getTimestamp().getTime() > now.getTime() - graceMs) continue;
        if (await isUsed(upload)) continue;
        await files.remove(file);
        deleted += 1;
      }
      return {
        deleted,
        last: endOf(
          chunks.map(({ files_id }) => ({ _id: files_id })),
          limit,
        ),
      };
    });
  };
}

/** The file of a part is named `<upload>.<index>/<id>`. */
function uploadOf(file: string): string | undefined {
  return /^(.+)\.\d+\/[^/]+$/.exec(file)?.[1];
}

/**
 * Marks a record that nothing refers to, removes the mark if something refers to it again, and deletes the record if its mark is older
 * than `markedBefore`. If another process removes the mark in between, the record is not deleted.
 * @returns whether it was deleted
 */
async function applyMark(options: {
  readonly database: Database;
  readonly collection: string;
  readonly record: Markable;
  readonly isReferenced: boolean;
  readonly now: Date;
  readonly markedBefore: Date;
}): Promise<boolean> {
  const { database, record, isReferenced, now, markedBefore } = options;
  const { _id, unreferencedSince } = record;
  const collection = database.collection<Markable>(options.collection);
  if (isReferenced) {
    if (unreferencedSince) await collection.updateOne({ _id }, { $unset: { unreferencedSince: 1 } });
    return false;
  }
  if (!unreferencedSince) {
    await collection.updateOne({ _id }, { $set: { unreferencedSince: now } });
    return false;
  }
  if (unreferencedSince >= markedBefore) return false;
  return (await collection.deleteOne({ _id, unreferencedSince })).deletedCount === 1;
}
