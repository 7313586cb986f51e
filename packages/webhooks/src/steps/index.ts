export { createDeliveries, ensureWebhookJobs } from './create-deliveries.ts';
export { deliverWebhook, failDelivery } from './deliver-webhook.ts';
export type { WebhookDeps } from './deps.ts';
