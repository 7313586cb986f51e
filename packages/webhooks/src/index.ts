export type { WebhookStore } from './store.ts';
export type { WebhookDelivery, WebhookState } from './webhook-delivery.record.ts';
export { createWebhookDeliveryRepository } from './webhook-delivery.repository.ts';
