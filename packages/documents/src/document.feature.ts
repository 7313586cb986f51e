import { defineFeature, EncryptedFiles, type RepositoriesOf, type StoreContext } from '@bulkhead/store';
import { collections } from './collections.ts';
import { createDocumentData } from './document.data.ts';
import { DocumentRepository, type SettledState } from './document.repository.ts';
import { DocumentContentRepository } from './document-content.repository.ts';
import { DocumentEraser } from './document-eraser.ts';

/** The name of the files in GridFS. */
const bucketName = 'document_files';

export const documentFeature = defineFeature({
  collections,
  buckets: [bucketName],
  open(context: StoreContext & { readonly onSettled?: ((state: SettledState) => void) | undefined }) {
    const files = new EncryptedFiles({ ...context, bucketName });
    const documents = new DocumentRepository(context);
    const documentContents = new DocumentContentRepository({ ...context, files });
    const documentEraser = new DocumentEraser({ ...context, documents, contents: documentContents });
    return {
      repositories: { documents, documentContents, documentEraser },
      data: ({ resources }: Pick<Parameters<typeof createDocumentData>[0], 'resources'>) =>
        createDocumentData({
          ...context,
          documents,
          contents: documentContents,
          eraser: documentEraser,
          files,
          resources,
        }),
    };
  },
});

export type DocumentStore = RepositoriesOf<typeof documentFeature>;
