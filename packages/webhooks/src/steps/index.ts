export { createDeliveries, webhookWork } from './create-deliveries.ts';
export { deliverWebhook, failDelivery, type WebhookDeps } from './deliver-webhook.ts';
