import type { ConnectionStore } from '@bulkhead/connections';
import type { ResourceStore } from '@bulkhead/resources';
import type { createDocumentRepository } from './document.repository.ts';
import type { createDocumentContentRepository } from './document-content.repository.ts';

/** The repositories that this feature uses. */
export interface DocumentStore
  extends Pick<ConnectionStore, 'connections'>,
    Pick<ResourceStore, 'resources' | 'resourceWriter'> {
  readonly documents: ReturnType<typeof createDocumentRepository>;
  readonly documentContents: ReturnType<typeof createDocumentContentRepository>;
}
