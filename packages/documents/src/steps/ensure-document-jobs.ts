import type { DocumentDeps } from './deps.ts';
import { documentRoom, maxDocumentJobs } from './document-room.ts';

/** Gives documents that are due their jobs, as many as there is room for. */
export async function reviveDocuments(deps: DocumentDeps): Promise<void> {
  const { store, producer, documents } = deps;
  if (!documents.enabled) return;
  await store.documents.retrySkipped('documents-off');
  let room = await documentRoom(deps);
  for (const documentId of await store.documents.listUnsettledIds(maxDocumentJobs)) {
    if (room === 0) return;
    if (await producer.ensure('document.fetch', { documentId })) room -= 1;
  }
}
