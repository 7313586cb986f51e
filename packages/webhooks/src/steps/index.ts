export { createDeliveries, webhookWork } from './create-deliveries.ts';
export type { WebhookDeps } from './deliver-webhook.job.ts';
export type { EndedRun, EndedRuns } from './ended-runs.ts';
export { createWebhookSender, type WebhookSender } from './webhook-sender.ts';
