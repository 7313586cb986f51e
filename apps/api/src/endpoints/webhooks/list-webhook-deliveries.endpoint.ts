import { deliveriesQuerySchema, deliveryViewSchema, toDeliveryView } from '@bulkhead/webhooks/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { connectionId, exportId, later, page, responseWith } from '../common.schema.ts';

const webhookDeliveryExample = {
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

export const webhookDeliveryResponse = responseWith(deliveryViewSchema, webhookDeliveryExample);

export const listWebhookDeliveries = defineEndpoint({
  id: 'listWebhookDeliveries',
  method: 'get',
  path: '/api/ehr/webhook-deliveries',
  action: 'webhook.list-deliveries',
  access: 'client',
  audited: false,
  summary: 'List the webhook deliveries of a connection, newest first',
  description:
    'Returns the calls for ended exports and syncs, with their attempts. Use it to find calls that a receiver has missed, and to send them again.',
  request: { query: deliveriesQuerySchema },
  responses: {
    200: { description: 'A page of deliveries, newest first', ...page(deliveryViewSchema, [webhookDeliveryExample]) },
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
  description: 'Returns one call with its body, its state and the result of the latest attempts.',
  responses: { 200: webhookDeliveryResponse('The call with its latest attempts') },
  errors: ['unknown-delivery'],
  async handler({ params: { id }, caller: { scope }, services }) {
    return { data: toDeliveryView(await services.webhooks.find({ id, scope })) };
  },
});
