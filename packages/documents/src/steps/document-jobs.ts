import type { DocumentDeps } from './deps.ts';

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

/**
 * Jobs of documents in Redis at a time: what athenahealth's 8 requests a second bring in a minute, which is when the sweep
 * comes again. A million documents wait in MongoDB.
 */
const maxDocumentJobs = 500;

/** How many jobs of documents may be added. */
export async function documentRoom({ producer }: DocumentDeps): Promise<number> {
  return Math.max(maxDocumentJobs - (await producer.countWaiting('document')), 0);
}
