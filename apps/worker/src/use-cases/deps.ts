import type { EhrClient, WebhookSender } from '@bulkhead/ehr-client';
import type { Producer } from '@bulkhead/queues';
import type { Logger } from '@bulkhead/runtime';
import type { Store } from '@bulkhead/store';

/** What the worker's use cases work with. */
export interface UseCaseDeps {
  readonly store: Store;
  readonly producer: Producer;
  readonly ehr: EhrClient;
  readonly webhooks: WebhookSender;
  readonly logger: Logger;
  readonly pollIntervalMs: number;
  readonly now: () => Date;
}

export interface ExportStep {
  readonly exportId: string;
  readonly signal: AbortSignal;
}
