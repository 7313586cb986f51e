import { typesWithAttachments } from '@bulkhead/fhir';
import {
  amountsOf,
  deleteInBatches,
  type EncryptedFiles,
  type FeatureData,
  forgetTexts,
  idsBelow,
  type Named,
  noData,
  type PatientOfConnection,
  type PatientPass,
  pagesOf,
  sumBytes,
  toBatches,
} from '@bulkhead/store';
import type { Connection as Database } from 'mongoose';
import { type DocumentRepository, documentSchema } from './document.repository.ts';
import type { DocumentContentRepository, StoredParts } from './document-content.repository.ts';
import { type ReadAttachments, retainContents, retainDocuments, retainUploads } from './retain-documents.ts';

interface DocumentDataOptions {
  readonly database: Database;
  readonly documents: DocumentRepository;
  readonly contents: DocumentContentRepository;
  readonly files: EncryptedFiles;
  readonly resources: {
    /** Lists the ids of the resources of a type that are in the patient's compartment. */
    listOfPatient(patient: PatientOfConnection & { readonly resourceType: string }): Promise<string[]>;
    readonly readAttachments: ReadAttachments;
  };
}

interface StoredDocument extends Named {
  readonly sha256?: string;
  readonly progress?: StoredParts;
}

type StoredContent = Named & StoredParts & { readonly sizeBytes: number };

export function createDocumentData(options: DocumentDataOptions) {
  const { database, documents, contents, files, resources } = options;
  const contentsOf = (_id: string) => database.collection<StoredContent>('document_contents').findOne({ _id });

  const find = (filter: object) =>
    pagesOf(
      database
        .collection<StoredDocument>('documents')
        .find<StoredDocument>(filter, { projection: { sha256: 1, progress: 1 } }),
    );

  /** The contents of these documents that no other document uses. */
  const contentsOnlyOf = async (connectionId: string, page: readonly StoredDocument[]): Promise<StoredContent[]> => {
    const except = page.map(({ _id }) => _id);
    const only: StoredContent[] = [];
    for (const sha256 of new Set(page.flatMap(({ sha256 }) => sha256 ?? []))) {
      if (await documents.isContentUsed({ connectionId, sha256, except })) continue;
      const content = await contentsOf(`${connectionId}/${sha256}`);
      if (content) only.push(content);
    }
    return only;
  };

  /** Deletes a content before the documents that refer to it, so that a crash in between leaves no content without a document. */
  const eraseDocuments = async (filter: object, pass: PatientPass): Promise<number> => {
    const { connectionId, signal, onFound, onDeleted } = pass;
    let deleted = 0;
    for await (const page of find({ connectionId, ...filter })) {
      signal.throwIfAborted();
      const ids = page.map(({ _id }) => _id);
      await onFound({ documentIds: ids });
      const only = await contentsOnlyOf(connectionId, page);
      for (const content of only) {
        await contents.removeFiles(content);
        await database.collection<Named>('document_contents').deleteOne({ _id: content._id });
      }
      for (const { progress } of page) if (progress) await contents.remove(progress);
      const { deletedCount } = await database.collection<Named>('documents').deleteMany({ _id: { $in: ids } });
      deleted += deletedCount;
      const records = { documents: deletedCount, documentContents: only.length };
      await onDeleted(amountsOf({ records, contentBytes: sumBytes(only) }));
    }
    return deleted;
  };

  const data: FeatureData<'document' | 'document-content' | 'document-upload'> = {
    ...noData,

    async countOfConnection(connectionId) {
      const [content] = await database
        .collection('document_contents')
        .aggregate<{ readonly count: number; readonly bytes: number }>([
          { $match: { _id: idsBelow(connectionId) } },
          { $group: { _id: null, count: { $sum: 1 }, bytes: { $sum: '$sizeBytes' } } },
        ])
        .toArray();
      const stored = await database.collection('documents').countDocuments({ connectionId });
      const records = { documents: stored, documentContents: content?.count ?? 0 };
      return amountsOf({ records, contentBytes: content?.bytes ?? 0 });
    },

    async eraseConnection(pass) {
      const { connectionId } = pass;
      const ofDocuments = await deleteInBatches<StoredDocument>(
        { ...pass, database },
        {
          ...{ collection: 'documents', filter: { connectionId }, projection: { progress: 1 } },
          async before(page) {
            for (const { progress } of page) if (progress) await contents.remove(progress);
          },
          count: (deleted) => ({ records: { documents: deleted } }),
        },
      );
      const ofContents = await deleteInBatches<StoredContent>(
        { ...pass, database },
        {
          collection: 'document_contents',
          filter: { _id: idsBelow(connectionId) },
          projection: { upload: 1, parts: 1, sizeBytes: 1 },
          // The record of a content lists its parts, so it is deleted after them.
          async before(page) {
            for (const content of page) await contents.removeFiles(content);
          },
          count: (documentContents, page) => ({ records: { documentContents }, contentBytes: sumBytes(page) }),
        },
      );
      await contents.removeAllOf(connectionId);
      return ofDocuments + ofContents;
    },

    async countOfPatient(patient) {
      const { connectionId, patientId } = patient;
      const filters: object[] = [{ patientId }];
      for (const resourceType of typesWithAttachments) {
        const ids = await resources.listOfPatient({ ...patient, resourceType });
        filters.push(...toBatches(ids).map((batch) => ({ 'resource.id': { $in: batch } })));
      }
      const found = new Map<string, StoredDocument>();
      for (const filter of filters)
        for await (const page of find({ connectionId, ...filter }))
          for (const document of page) found.set(document._id, document);
      const only = await contentsOnlyOf(connectionId, [...found.values()]);
      const records = { documents: found.size, documentContents: only.length };
      return amountsOf({ records, contentBytes: sumBytes(only) });
    },

    async erasePatient(pass) {
      const { connectionId, patientId } = pass;
      let changed = 0;
      for (const id of pass.found.documentIds)
        changed += await contents.removeOfDocument({ connectionId, id }, (content) =>
          documents.isContentUsed({ ...content, except: [] }),
        );
      // Of resources that were deleted earlier.
      changed += await eraseDocuments({ patientId }, pass);
      return (
        changed +
        (await forgetTexts({
          ...{ database, collection: 'documents', schema: documentSchema, patientId },
          filter: { connectionId, state: { $nin: ['pending', 'downloading'] } },
        }))
      );
    },

    retention: {
      document: retainDocuments({ database, contents, readAttachments: (page) => resources.readAttachments(page) }),
      'document-content': retainContents({ database, contents, documents }),
      'document-upload': retainUploads({ database, files }),
    },
    encryptedFields: contents.encryptedFields,
  };

  return {
    data,

    /** Deletes the documents of resources. @returns how many */
    eraseOfResources: (
      { type, ids }: { readonly type: string; readonly ids: readonly string[] },
      pass: PatientPass,
    ): Promise<number> => eraseDocuments({ 'resource.id': { $in: ids }, 'resource.type': type }, pass),
  };
}
