import { createEncryptedFiles, type StoreContext } from '@bulkhead/store';
import { createDocumentData } from './document.data.ts';
import { createDocumentRepository } from './document.repository.ts';
import { createDocumentContentRepository } from './document-content.repository.ts';

export type DocumentStore = ReturnType<typeof createDocumentStore>['repositories'];

export function createDocumentStore(context: StoreContext) {
  const files = createEncryptedFiles({ ...context, bucketName: 'document_files' });
  const documents = createDocumentRepository(context);
  const documentContents = createDocumentContentRepository({ ...context, files });
  return {
    repositories: { documents, documentContents },
    data: (resources: Pick<Parameters<typeof createDocumentData>[0], 'listOfPatient' | 'readAttachments'>) =>
      createDocumentData({ ...context, documents, contents: documentContents, files, ...resources }),
  };
}
