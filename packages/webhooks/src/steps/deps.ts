import type { WebhookSender } from '@bulkhead/ehr-client';
import type { Producer } from '@bulkhead/queues';
import type { WebhookStore } from '../index.ts';

/** The dependencies of the steps of this feature. */
export interface WebhookDeps {
  readonly store: WebhookStore;
  readonly producer: Producer;
  readonly webhooks: WebhookSender;
  readonly now: () => Date;
}
