export { deliverWebhook, failDelivery } from './deliver-webhook.ts';
export type { WebhookDeps } from './deps.ts';
export { callBack, reviveWebhooks } from './lay-out-deliveries.ts';
