import type { Logger } from '@bulkhead/base';
import type { EhrClient } from '@bulkhead/ehr';
import type { ConnectionStore } from '../connection.feature.ts';

/** What a step of this feature gets: the repositories that it names, and the parts of its process. */
export interface ConnectionDeps<Uses extends keyof ConnectionStore> {
  readonly store: Pick<ConnectionStore, Uses>;
  readonly ehr: EhrClient;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** What a probe needs of other features. */
export interface ProbeParts {
  readonly storedTypes: (connectionId: string) => Promise<readonly string[]>;
  /** Any two patients of the connection, or as many as it has. */
  readonly findPatients: (connectionId: string) => Promise<readonly string[]>;
  /** For tests, which do not wait. */
  readonly wait?: (ms: number) => Promise<void>;
}

export interface ProbeDeps<Uses extends keyof ConnectionStore> extends ConnectionDeps<Uses> {
  readonly probe: ProbeParts;
}
