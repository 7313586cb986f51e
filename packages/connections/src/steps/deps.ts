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

/** What a probe needs of other features. */
export interface ProbeParts {
  readonly storedTypes: (connectionId: string) => Promise<readonly string[]>;
  /** Any patient of the connection, for searches. */
  readonly findPatient: (connectionId: string) => Promise<string | undefined>;
  /** For tests, which do not wait. */
  readonly wait?: (ms: number) => Promise<void>;
}

export interface ProbeDeps extends ConnectionDeps {
  readonly probe: ProbeParts;
}
