import type { Producer } from '@bulkhead/queues';
import type { ProviderReference } from '@bulkhead/store';
import type { DocumentStore } from '../document.feature.ts';
import { documentError } from '../errors.ts';
import { fetchDocumentJob } from '../jobs.ts';
import type { PatientDocument } from '../patient-document.record.ts';
import type { DocumentService } from './document.service.ts';

/** Has a worker fetch the content of a document again. */
export function createRetryDocument({
  store,
  producer,
  documents,
}: {
  readonly store: DocumentStore;
  readonly producer: Producer;
  readonly documents: DocumentService;
}) {
  /** @throws AppError `unknown-document`, `nothing-to-retry` */
  return async (reference: ProviderReference): Promise<PatientDocument> => {
    const { id } = await documents.find(reference);
    if (!(await store.documents.retry(id))) throw documentError('nothing-to-retry');
    // The record is pending. If Redis is unavailable, the sweep creates the job.
    await producer.enqueueAgain(fetchDocumentJob, { documentId: id }).catch(() => undefined);
    return documents.find(reference);
  };
}
