export type { WebhookStore } from './store.ts';
export type { WebhookState } from './webhook-delivery.record.ts';
export { createWebhookDeliveryRepository } from './webhook-delivery.repository.ts';
