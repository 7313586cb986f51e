import type { DocumentContent, DocumentContentRepository, StoredParts } from '@bulkhead/documents';
import { readAttachments } from '@bulkhead/fhir';
import type { SealedFiles } from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';
import { endOf, RetentionPass, type RetentionStep } from './retention-pass.ts';

interface DocumentRecord {
  readonly _id: string;
  readonly connectionId: string;
  readonly resource: { readonly type: string; readonly id: string };
  readonly index: number;
  readonly progress?: StoredParts;
  readonly unreferencedSince?: Date;
}

interface StoredResource {
  readonly _id: string;
  readonly deleted: boolean;
  readonly subsetted: boolean;
  readonly resource?: object;
}

/** Documents of one reply are resources with their inline data; the server ends a reply at 16 MB. */
const batchSize = 125;

/**
 * Deletes documents whose resource is deleted or no longer has their attachment. One that is found to be so is marked, and deleted
 * once the mark is old enough and it is still so. A resource that comes back takes the mark away, also between both
 * (`documents.note`), so nothing that a resource refers to is deleted.
 */
export function retainDocuments(options: {
  readonly database: Database;
  readonly contents: DocumentContentRepository;
}): RetentionStep {
  const { database, contents } = options;
  const pass = new RetentionPass({ database, kind: 'document' });
  return async (request) => {
    const { now, olderThan, limit } = request;
    return pass.advance(request, async (after) => {
      const documents = database.collection<DocumentRecord>('documents');
      const page = await documents
        .find({ _id: { $gt: after } })
        .project<DocumentRecord>({ connectionId: 1, resource: 1, index: 1, progress: 1, unreferencedSince: 1 })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray();
      const referenced = await findReferenced(database, page);
      let deleted = 0;
      for (const record of page) {
        const isReferenced = referenced.has(record._id);
        const mark = { database, collection: 'documents', record, isReferenced, now, markedBefore: olderThan };
        if (!(await applyMark(mark))) continue;
        deleted += 1;
        if (record.progress) await contents.remove(record.progress);
      }
      return { deleted, last: endOf(page, limit) };
    });
  };
}

/** The ids of the documents whose attachment is in the stored version of their resource, or may be. */
async function findReferenced(database: Database, page: readonly DocumentRecord[]): Promise<ReadonlySet<string>> {
  const referenced = new Set<string>();
  const byType = Map.groupBy(page, ({ resource }) => resource.type);
  for (const [type, documents] of byType) {
    const byResource = Map.groupBy(documents, ({ connectionId, resource }) => `${connectionId}/${resource.id}`);
    const resources = database
      .collection<StoredResource>(type)
      .find(
        { _id: { $in: [...byResource.keys()] } },
        { projection: { deleted: 1, subsetted: 1, resource: 1 }, batchSize },
      );
    for await (const { _id, deleted, subsetted, resource } of resources) {
      if (deleted || !resource) continue;
      const indexes = new Set(readAttachments(resource).map(({ index }) => index));
      for (const document of byResource.get(_id) ?? []) {
        // An incomplete copy does not say what it leaves out.
        if (subsetted || indexes.has(document.index)) referenced.add(document._id);
      }
    }
  }
  return referenced;
}

type ContentRecord = Pick<DocumentContent, 'connectionId' | 'sha256' | 'upload' | 'parts'> & {
  readonly _id: string;
  readonly unreferencedSince?: Date;
};

/** A download names its content at its end. A job is aborted after an hour, so one that is under way is never as old as this. */
const graceMs = 24 * 60 * 60_000;

/**
 * Deletes contents that no document names any more, and parts of downloads that were given up. Both wait for a day, whatever the
 * retention of documents is, which a document has outlived before its content is looked at.
 */
export function retainContents(options: {
  readonly database: Database;
  readonly contents: DocumentContentRepository;
}): RetentionStep {
  const { database, contents } = options;
  const pass = new RetentionPass({ database, kind: 'document-content' });
  return async (request) => {
    const { now, limit } = request;
    return pass.advance(request, async (after) => {
      const collection = database.collection<ContentRecord>('document_contents');
      const page = await collection
        .find({ _id: { $gt: after } })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray();
      let deleted = 0;
      const markedBefore = new Date(now.getTime() - graceMs);
      for (const record of page) {
        const { connectionId, sha256 } = record;
        const isReferenced = (await database.collection('documents').findOne({ connectionId, sha256 })) !== null;
        // `claim` takes the mark away if a download brings the same content meanwhile.
        const mark = { database, collection: 'document_contents', record, isReferenced, now, markedBefore };
        if (!(await applyMark(mark))) continue;
        deleted += 1;
        await contents.remove(record);
      }
      return { deleted, last: endOf(page, limit) };
    });
  };
}

interface FirstChunk {
  readonly _id: { getTimestamp(): Date };
  readonly files_id: string;
}

/** By their chunks, since an upload that was killed has no file yet. */
export function retainUploads(options: { readonly database: Database; readonly files: SealedFiles }): RetentionStep {
  const { database, files } = options;
  const pass = new RetentionPass({ database, kind: 'document-upload' });
  const isUsed = async (upload: string): Promise<boolean> =>
    (await database.collection('document_contents').findOne({ upload })) !== null ||
    (await database.collection('documents').findOne({ 'progress.upload': upload })) !== null;
  return async (request) => {
    const { now, limit } = request;
    return pass.advance(request, async (after) => {
      const chunks = await database
        .collection<FirstChunk>('document_files.chunks')
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

/** A part's file is `<upload>.<index>/<id>`. */
function uploadOf(file: string): string | undefined {
  return /^(.+)\.\d+\/[^/]+$/.exec(file)?.[1];
}

interface Markable {
  readonly _id: string;
  /** When it was first found that nothing refers to the record. */
  readonly unreferencedSince?: Date;
}

/**
 * Marks a record to which nothing refers, takes the mark away if something does again, and deletes the record if its mark is older
 * than `markedBefore`. A mark that was taken away by another process in between prevents the deletion.
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
