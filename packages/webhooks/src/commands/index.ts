export { checkCallback } from './check-callback.ts';
export { callbackUrlSchema, deliveriesQuerySchema, webhookBodySchema } from './webhook.schema.ts';
export { createWebhookService, toDeliveryView, type WebhookService } from './webhook.service.ts';
