import type { ConnectionStore } from '@bulkhead/connections';
import type { createWebhookDeliveryRepository } from './webhook-delivery.repository.ts';

export type { WebhookDelivery, WebhookState } from './webhook-delivery.record.ts';
export { createWebhookDeliveryRepository } from './webhook-delivery.repository.ts';

/** The repositories that this feature uses. Of repositories of other features it lists only the methods that it calls. */
export interface WebhookStore extends Pick<ConnectionStore, 'connections'> {
  readonly webhookDeliveries: ReturnType<typeof createWebhookDeliveryRepository>;
  readonly bulkExports: { readonly listUnnotifiedIds: () => Promise<readonly string[]> };
  readonly syncRuns: { readonly listUnnotifiedIds: () => Promise<readonly string[]> };
}
export { webhookError } from './errors.ts';
