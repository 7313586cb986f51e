export { checkCallback } from './check-callback.ts';
export { callbackUrlSchema, deliveriesQuerySchema, webhookBodySchema } from './webhook.schema.ts';
export { createWebhookService, type WebhookService } from './webhook.service.ts';
export { deliveryViewSchema, toDeliveryView } from './webhook-delivery-view.ts';
