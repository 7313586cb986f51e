import type { StoreContext } from '@bulkhead/store';
import { createWebhookData } from './webhook.data.ts';
import { createWebhookDeliveryRepository } from './webhook-delivery.repository.ts';

export type WebhookStore = ReturnType<typeof createWebhookStore>['repositories'];

export function createWebhookStore(context: StoreContext) {
  return {
    repositories: { webhookDeliveries: createWebhookDeliveryRepository(context) },
    data: createWebhookData(context),
  };
}
