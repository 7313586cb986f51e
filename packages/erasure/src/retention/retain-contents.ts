import type { DocumentContent, DocumentContentRepository } from '@bulkhead/documents';
import type { SealedFiles } from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';
import { endOf, RetentionPass, type RetentionStep } from './retention-pass.ts';
import { applyMark } from './unreferenced-mark.ts';

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
