import type { EhrClient } from '@bulkhead/ehr-client';
import type { Producer } from '@bulkhead/queues';
import type { Logger } from '@bulkhead/runtime';
import type { DocumentStore } from '../store.ts';
import type { DocumentSettings } from './document-settings.ts';

/** What the steps of this feature work with. */
export interface DocumentDeps {
  readonly store: DocumentStore;
  readonly producer: Producer;
  readonly ehr: EhrClient;
  readonly documents: DocumentSettings;
  readonly logger: Logger;
  readonly now: () => Date;
}
