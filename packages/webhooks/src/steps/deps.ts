import type { WebhookSender } from '@bulkhead/ehr-client';
import type { Producer } from '@bulkhead/queues';
import type { WebhookStore } from '../store.ts';

/** What the steps of this feature work with. */
export interface WebhookDeps {
  readonly store: WebhookStore;
  readonly producer: Producer;
  readonly webhooks: WebhookSender;
  readonly now: () => Date;
}
