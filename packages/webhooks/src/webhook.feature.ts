import { defineFeature, type RepositoriesOf, type StoreContext } from '@bulkhead/store';
import { collections } from './collections.ts';
import { createWebhookData } from './webhook.data.ts';
import { WebhookDeliveryRepository } from './webhook-delivery.repository.ts';

export const webhookFeature = defineFeature({
  collections,
  open(context: StoreContext) {
    return {
      repositories: { webhookDeliveries: new WebhookDeliveryRepository(context) },
      data: () => createWebhookData(context),
    };
  },
});

export type WebhookStore = RepositoriesOf<typeof webhookFeature>;
