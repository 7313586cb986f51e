import type { Processor } from '@bulkhead/queues';
import type { UseCaseDeps } from '../use-cases/deps.ts';
import { fetchDocument } from '../use-cases/fetch-document.ts';

export function createFetchDocumentProcessor(deps: UseCaseDeps): Processor<'document.fetch'> {
  return async ({ documentId }, { signal, retryAt, progress }) => {
    await fetchDocument(deps, { documentId, signal, retryAt, progress });
  };
}
