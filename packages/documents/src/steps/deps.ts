import type { EhrClient } from '@bulkhead/ehr-client';
import type { Producer } from '@bulkhead/queues';
import type { Logger } from '@bulkhead/runtime';
import type { DocumentStore } from '../store.ts';

/** What the steps of this feature work with. */
export interface DocumentDeps {
  readonly store: DocumentStore;
  readonly producer: Producer;
  readonly ehr: EhrClient;
  readonly documents: DocumentSettings;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** What of the resources' documents is fetched. */
export interface DocumentSettings {
  readonly enabled: boolean;
  /** A larger one is left out. */
  readonly maxBytes: number;
  /** Whether audio and video are fetched. */
  readonly withMedia: boolean;
  /** How much of a download is stored, and lost with a worker, at a time. */
  readonly partBytes: number;
}
