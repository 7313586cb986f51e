import { deliverWork } from './deliver-webhook.job.ts';
import { notifyWork } from './notify.job.ts';

export { createDeliveries, webhookWork } from './create-deliveries.ts';
export type { WebhookDeps } from './deliver-webhook.job.ts';
export type { EndedRun, EndedRuns } from './ended-runs.ts';
export { notifyWork } from './notify.job.ts';
export { createWebhookSender, type WebhookSender } from './webhook-sender.ts';

export const webhookWorks = [deliverWork, notifyWork] as const;
