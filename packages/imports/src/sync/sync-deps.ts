import type { ByteBudget } from '@bulkhead/base';
import type { ConnectionDeps } from '@bulkhead/connections/steps';
import type { DocumentDeps } from '@bulkhead/documents/steps';
import type { ResourceStore } from '@bulkhead/records';
import type { QuarantineStore } from '@bulkhead/records/quarantine';
import type { ReferenceStore } from '../references/index.ts';
import type { SyncStore } from './sync.feature.ts';

/** The dependencies of the steps of this feature. */
export interface SyncDeps extends Omit<DocumentDeps, 'store'> {
  readonly store: SyncStore &
    ReferenceStore &
    QuarantineStore &
    Pick<ResourceStore, 'prepareResourceTypes' | 'resourceChanges'> &
    ConnectionDeps['store'] &
    DocumentDeps['store'];
  /** For what is large, of all jobs of the process. */
  readonly largeBytes: ByteBudget;
}
