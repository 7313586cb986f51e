export { createDeliveries, webhookWork } from './create-deliveries.ts';
export { deliverWebhook, failDelivery, type WebhookDeps } from './deliver-webhook.ts';
export { createWebhookSender, type WebhookSender } from './webhook-sender.ts';
