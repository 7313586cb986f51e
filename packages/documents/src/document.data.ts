import { typesWithAttachments } from '@bulkhead/fhir';
import {
  amountsOf,
  countsNothing,
  type Database,
  deleteInBatches,
  type EncryptedFiles,
  type FeatureData,
  forgetTexts,
  hasNoActiveWork,
  idsBelow,
  type PatientOfConnection,
  sumBytes,
  toBatches,
} from '@bulkhead/store';
import { collections } from './collections.ts';
import { type DocumentRepository, documentSchema } from './document.repository.ts';
import type { DocumentContentRepository } from './document-content.repository.ts';
import type { DocumentEraser, StoredContent, StoredDocument } from './document-eraser.ts';
import { type ReadAttachments, retainContents, retainDocuments, retainUploads } from './retain-documents.ts';

interface DocumentDataOptions {
  readonly database: Database;
  readonly documents: DocumentRepository;
  readonly contents: DocumentContentRepository;
  readonly eraser: DocumentEraser;
  readonly files: EncryptedFiles;
  readonly resources: {
    /** Lists the ids of the resources of a type that are in the patient's compartment. */
    listOfPatient(patient: PatientOfConnection & { readonly resourceType: string }): Promise<string[]>;
    readonly readAttachments: ReadAttachments;
  };
}

export function createDocumentData(options: DocumentDataOptions) {
  const { database, documents, contents, eraser, files, resources } = options;

  const data: FeatureData<'document' | 'document-content' | 'document-upload'> = {
    countMentions: countsNothing,
    findActive: hasNoActiveWork,

    async countOfConnection(connectionId) {
      const [content] = await database
        .collection(collections.documentContents)
        .aggregate<{ readonly count: number; readonly bytes: number }>([
          { $match: { _id: idsBelow(connectionId) } },
          { $group: { _id: null, count: { $sum: 1 }, bytes: { $sum: '$sizeBytes' } } },
        ])
        .toArray();
      const stored = await database.collection(collections.documents).countDocuments({ connectionId });
      const records = { documents: stored, documentContents: content?.count ?? 0 };
      return amountsOf({ records, contentBytes: content?.bytes ?? 0 });
    },

    async eraseConnection(pass) {
      const { connectionId } = pass;
      const ofDocuments = await deleteInBatches<StoredDocument>(
        { ...pass, database },
        {
          collection: collections.documents,
          filter: { connectionId },
          projection: { progress: 1 },
          async before(page) {
            for (const { progress } of page) if (progress) await contents.remove(progress);
          },
          count: (deleted) => ({ records: { documents: deleted } }),
        },
      );
      const ofContents = await deleteInBatches<StoredContent>(
        { ...pass, database },
        {
          collection: collections.documentContents,
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
        for await (const page of eraser.find({ connectionId, ...filter }))
          for (const document of page) found.set(document._id, document);
      const only = await eraser.contentsOnlyOf(connectionId, [...found.values()]);
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
      changed += await eraser.erase({ patientId }, pass);
      return (
        changed +
        (await forgetTexts({
          database,
          collection: collections.documents,
          schema: documentSchema,
          patientId,
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

  return data;
}
