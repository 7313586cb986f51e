import type { Logger } from '@bulkhead/base';
import type { EhrClient } from '@bulkhead/ehr';
import type { ConnectionStore } from '../connection.feature.ts';

/** The dependencies of the steps of this feature. */
export interface ConnectionDeps {
  readonly store: ConnectionStore;
  readonly ehr: EhrClient;
  readonly logger: Logger;
  readonly now: () => Date;
}
