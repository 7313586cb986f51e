export { webhookError } from './errors.ts';
export { type WebhookStore, webhookFeature } from './webhook.feature.ts';
export type { WebhookDelivery, WebhookState } from './webhook-delivery.record.ts';
export type { WebhookReceiver } from './webhook-delivery.repository.ts';
