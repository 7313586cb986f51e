export {
  callbackUrlSchema,
  checkCallback,
  createWebhookService,
  deliveriesQuerySchema,
  deliveryViewSchema,
  receiversQuerySchema,
  receiverViewSchema,
  toDeliveryView,
  webhookBodySchema,
} from './webhook.service.ts';
export { createWebhookAddresses, type WebhookAddresses } from './webhook-address.ts';
