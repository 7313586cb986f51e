export {
  deliveriesQuerySchema,
  deliveryViewSchema,
  receiversQuerySchema,
  receiverViewSchema,
  toDeliveryView,
  WebhookService,
  webhookBodySchema,
} from './webhook.service.ts';
export { callbackUrlSchema, checkCallback, createWebhookAddresses, type WebhookAddresses } from './webhook-address.ts';
