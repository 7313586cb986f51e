import type { ConnectionStore } from '@bulkhead/connections';
import type { DocumentRepositories } from '@bulkhead/documents/steps';
import type { ResourceStore } from '@bulkhead/records';
import type { QuarantineStore } from '@bulkhead/records/quarantine';

/** The repositories of others that a step of an export or of a sync can use. */
export interface ImportRepositories
  extends QuarantineStore,
    ConnectionStore,
    DocumentRepositories,
    Pick<ResourceStore, 'prepareResourceTypes' | 'resourceChanges' | 'resourceWriter'> {}
