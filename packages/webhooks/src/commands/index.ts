export {
  callbackUrlSchema,
  checkCallback,
  deliveriesQuerySchema,
  deliveryViewSchema,
  receiversQuerySchema,
  receiverViewSchema,
  toDeliveryView,
  WebhookService,
  webhookBodySchema,
} from './webhook.service.ts';
export { createWebhookAddresses, type WebhookAddresses } from './webhook-address.ts';
