import type { ByteBudget } from '@bulkhead/base';
import type { ConnectionStore } from '@bulkhead/connections';
import type { DocumentDeps, DocumentRepositories } from '@bulkhead/documents/steps';
import type { ResourceStore } from '@bulkhead/records';
import type { QuarantineStore } from '@bulkhead/records/quarantine';
import type { ReferenceStore } from '../references/index.ts';
import type { SyncStore } from './sync.feature.ts';

/** The repositories that a step of this feature can use. */
interface Repositories
  extends SyncStore,
    ReferenceStore,
    QuarantineStore,
    ConnectionStore,
    DocumentRepositories,
    Pick<ResourceStore, 'prepareResourceTypes' | 'resourceChanges' | 'resourceWriter'> {}

export type SyncRepository = keyof Repositories;

/** What a step of this feature gets: the repositories that it names, and the parts of its process. */
export interface SyncDeps<Uses extends SyncRepository> extends Omit<DocumentDeps<never>, 'store'> {
  readonly store: Pick<Repositories, Uses>;
  /** For what is large, of all jobs of the process. */
  readonly largeBytes: ByteBudget;
}
