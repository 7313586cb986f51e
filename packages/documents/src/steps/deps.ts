import type { Logger } from '@bulkhead/base';
import type { ConnectionStore } from '@bulkhead/connections';
import type { EhrClient } from '@bulkhead/ehr';
import type { Producer } from '@bulkhead/queues';
import type { ResourceStore } from '@bulkhead/records';
import type { DocumentStore } from '../document.feature.ts';

/** The repositories that a step of this feature can use. */
export interface DocumentRepositories
  extends DocumentStore,
    Pick<ConnectionStore, 'connections'>,
    Pick<ResourceStore, 'resources'> {}

/** What a step of this feature gets: the repositories that it names, and the parts of its process. */
export interface DocumentDeps<Uses extends keyof DocumentRepositories> {
  readonly store: Pick<DocumentRepositories, Uses>;
  readonly producer: Producer;
  readonly ehr: EhrClient;
  readonly documents: DocumentSettings;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Which documents are fetched, and how. */
export interface DocumentSettings {
  readonly enabled: boolean;
  /** Larger documents are skipped. */
  readonly maxBytes: number;
  /** Whether audio and video are fetched. */
  readonly withMedia: boolean;
  /** The size of a part. A worker that crashes loses at most one part of a download. */
  readonly partBytes: number;
}
