import { typesWithAttachments } from '@bulkhead/fhir';
import type { DocumentStore } from '../store.ts';
import type { DocumentDeps } from './deps.ts';
import { documentRoom } from './document-room.ts';
import { toPatientDocuments } from './to-patient-documents.ts';

/**
 * The resource writer, which also notes the documents that resources point to. After the write, and before the caller's
 * checkpoint: a batch that is repeated notes nothing twice.
 */
export function withDocuments(deps: DocumentDeps): DocumentStore['resourceWriter'] {
  const { store, documents, now } = deps;
  return {
    async write(resourceType, resources) {
      const outcome = await store.resourceWriter.write(resourceType, resources);
      if (!typesWithAttachments.includes(resourceType)) return outcome;
      const { enabled } = documents;
      const found = resources
        .filter(({ _id }) => !outcome.withheldIds?.has(_id))
        .flatMap((document) => toPatientDocuments({ document, resourceType, enabled, now: now() }));
      await enqueue(deps, await store.documents.note(found));
      return outcome;
    },
  };
}

/** As many as there is room for; the sweep sees to the others. */
async function enqueue(deps: DocumentDeps, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  try {
    for (const documentId of ids.slice(0, await documentRoom(deps))) {
      await deps.producer.enqueueAgain('document.fetch', { documentId });
    }
  } catch (error) {
    // The records are stored, and the resources must not wait for Redis: the sweep gives them their jobs.
    deps.logger.warn('documents were not enqueued', { error });
  }
}
