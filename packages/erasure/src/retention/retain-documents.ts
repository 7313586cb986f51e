import type { DocumentContentRepository, StoredParts } from '@bulkhead/documents';
import { readAttachments } from '@bulkhead/fhir';
import type { Connection as Database } from 'mongoose';
import { endOf, RetentionPass, type RetentionStep } from './retention-pass.ts';
import { applyMark } from './unreferenced-mark.ts';

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
