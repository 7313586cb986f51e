import { deliveriesQuerySchema, deliveryViewSchema, toDeliveryView } from '@bulkhead/webhooks/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { connectionId, exportId, later, page, success } from '../common.schema.ts';

export const webhookDeliveryExample = {
  id: `${exportId}.9.1f0c7b3a`,
  connectionId,
  url: 'https://client.example/bulkhead',
  type: 'bulk-export.completed',
  body: { type: 'bulk-export.completed', timestamp: later, data: { id: exportId, status: 'COMPLETED' } },
  state: 'delivered',
  attempts: [{ at: later, status: 204 }],
  createdAt: later,
  deliveredAt: later,
};

export const listWebhookDeliveries = defineEndpoint({
  id: 'listWebhookDeliveries',
  method: 'get',
  path: '/api/ehr/webhook-deliveries',
  action: 'webhook.list-deliveries',
  access: 'client',
  audited: false,
  summary: 'List the webhook deliveries of a connection, newest first',
  request: { query: deliveriesQuerySchema },
  responses: {
    200: {
      description: 'Deliveries',
      schema: page(deliveryViewSchema),
      example: [webhookDeliveryExample],
    },
  },
  errors: ['unknown-connection'],
  async handler({ query, caller: { scope }, services }) {
    const { items, next } = await services.webhooks.list({ query, scope });
    return { data: items.map(toDeliveryView), next };
  },
});

export const getWebhookDelivery = defineEndpoint({
  id: 'getWebhookDelivery',
  method: 'get',
  path: '/api/ehr/webhook-deliveries/:id',
  action: 'webhook.read-delivery',
  access: 'client',
  audited: false,
  summary: 'Return a webhook delivery with its attempts',
  responses: {
    200: { description: 'The delivery', schema: success(deliveryViewSchema), example: webhookDeliveryExample },
  },
  errors: ['unknown-delivery'],
  async handler({ params: { id }, caller: { scope }, services }) {
    return { data: toDeliveryView(await services.webhooks.find({ id, scope })) };
  },
});
