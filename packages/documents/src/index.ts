import type { ConnectionStore } from '@bulkhead/connections';
import type { ResourceStore } from '@bulkhead/resources';
import type { createDocumentRepository } from './document.repository.ts';
import type { createDocumentContentRepository } from './document-content.repository.ts';

export { createDocumentRepository, type StoredVersion } from './document.repository.ts';
export {
  createDocumentContentRepository,
  type DocumentContent,
  type DocumentContentRepository,
  type StoredParts,
} from './document-content.repository.ts';
export type { PatientDocument } from './patient-document.record.ts';

/** The repositories that this feature uses. */
export interface DocumentStore
  extends Pick<ConnectionStore, 'connections'>,
    Pick<ResourceStore, 'resources' | 'resourceWriter'> {
  readonly documents: ReturnType<typeof createDocumentRepository>;
  readonly documentContents: ReturnType<typeof createDocumentContentRepository>;
}
export { documentError } from './errors.ts';
