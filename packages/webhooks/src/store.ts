import type { StoreContext } from '@bulkhead/store';
import { createWebhookData } from './webhook.data.ts';
import { WebhookDeliveryRepository } from './webhook-delivery.repository.ts';

export type WebhookStore = ReturnType<typeof createWebhookStore>['repositories'];

export function createWebhookStore(context: StoreContext) {
  return {
    repositories: { webhookDeliveries: new WebhookDeliveryRepository(context) },
    data: createWebhookData(context),
  };
}
