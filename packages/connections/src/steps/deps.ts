import type { EhrClient } from '@bulkhead/ehr-client';
import type { Logger } from '@bulkhead/runtime';
import type { ConnectionStore } from '../store.ts';

/** What the steps of this feature work with. */
export interface ConnectionDeps {
  readonly store: ConnectionStore;
  readonly ehr: EhrClient;
  readonly logger: Logger;
  readonly now: () => Date;
}
