import { EncryptedFiles, type StoreContext } from '@bulkhead/store';
import { createDocumentData } from './document.data.ts';
import { DocumentRepository } from './document.repository.ts';
import { DocumentContentRepository } from './document-content.repository.ts';
import { DocumentEraser } from './document-eraser.ts';

export type DocumentStore = ReturnType<typeof createDocumentStore>['repositories'];

export function createDocumentStore(context: StoreContext) {
  const files = new EncryptedFiles({ ...context, bucketName: 'document_files' });
  const documents = new DocumentRepository(context);
  const documentContents = new DocumentContentRepository({ ...context, files });
  const documentEraser = new DocumentEraser({ ...context, documents, contents: documentContents });
  return {
    repositories: { documents, documentContents, documentEraser },
    data: (resources: Parameters<typeof createDocumentData>[0]['resources']) =>
      createDocumentData({
        ...context,
        documents,
        contents: documentContents,
        eraser: documentEraser,
        files,
        resources,
      }),
  };
}
