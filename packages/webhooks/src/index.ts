export type { WebhookStore } from './store.ts';
export { createWebhookDeliveryRepository } from './webhook-delivery.repository.ts';
export { type WebhookState, webhookStates } from './webhook-delivery.ts';
