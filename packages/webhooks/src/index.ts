export { webhookError } from './errors.ts';
export { createWebhookStore, type WebhookStore } from './store.ts';
export type { WebhookDelivery, WebhookState } from './webhook-delivery.record.ts';
