import type { ConnectionDeps } from '@bulkhead/connections/steps';
import type { DocumentDeps } from '@bulkhead/documents/steps';
import type { QuarantineStore } from '@bulkhead/quarantine';
import type { ResourceStore } from '@bulkhead/resources';
import type { ByteBudget } from '@bulkhead/runtime';
import type { SyncStore } from '../store.ts';

/** The dependencies of the steps of this feature. */
export interface SyncDeps extends Omit<DocumentDeps, 'store'> {
  readonly store: SyncStore &
    QuarantineStore &
    Pick<ResourceStore, 'prepareResourceTypes'> &
    ConnectionDeps['store'] &
    DocumentDeps['store'];
  /** For what is large, of all jobs of the process. */
  readonly largeBytes: ByteBudget;
}
