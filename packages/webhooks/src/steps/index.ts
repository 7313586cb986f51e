export { deliverWebhook, failDelivery } from './deliver-webhook.ts';
export type { WebhookDeps } from './deps.ts';
export { reviveWebhooks } from './ensure-webhook-jobs.ts';
export { callBack } from './lay-out-deliveries.ts';
