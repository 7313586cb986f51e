export { callbackUrlSchema, deliveriesQuerySchema, webhookBodySchema } from './webhook.schema.ts';
export { checkCallback, createWebhookService, type WebhookService } from './webhook.service.ts';
export { deliveryViewSchema, toDeliveryView } from './webhook-delivery-view.ts';
