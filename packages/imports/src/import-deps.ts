import type { ByteBudget, Logger } from '@bulkhead/base';
import type { ConnectionStore } from '@bulkhead/connections';
import type { EhrClient } from '@bulkhead/ehr';
import type { Producer } from '@bulkhead/queues';
import type { ResourceStore } from '@bulkhead/records';
import type { QuarantineStore } from '@bulkhead/records/quarantine';

/** The repositories of others that a step of an export or of a sync can use. */
export interface ImportRepositories
  extends QuarantineStore,
    ConnectionStore,
    Pick<ResourceStore, 'prepareResourceTypes' | 'resourceChanges' | 'resourceWriter' | 'resources'> {}

/** What a step of an export or of a sync gets, beside its repositories. */
export interface ImportDeps {
  readonly producer: Producer;
  readonly ehr: EhrClient;
  readonly logger: Logger;
  /** For what is large, of all jobs of the process. */
  readonly largeBytes: ByteBudget;
  readonly now: () => Date;
}
