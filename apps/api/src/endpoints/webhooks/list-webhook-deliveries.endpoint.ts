import { deliveriesQuerySchema, deliveryViewSchema, toDeliveryView } from '@bulkhead/webhooks/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { webhookDeliveryExample } from './webhook.examples.ts';

export const listWebhookDeliveries = defineEndpoint({
  id: 'listWebhookDeliveries',
  method: 'get',
  path: '/api/ehr/webhook-deliveries',
  action: 'webhook.list-deliveries',
  access: 'client',
  audited: false,
  summary: 'Calls of a connection, newest first',
  request: { query: deliveriesQuerySchema },
  responses: {
    200: {
      description: 'Deliveries',
      schema: success(z.array(deliveryViewSchema)),
      example: [webhookDeliveryExample],
    },
  },
  errors: ['unknown-connection'],
  async handler({ query, caller: { scope }, services }) {
    return { data: (await services.webhooks.list({ query, scope })).map(toDeliveryView) };
  },
});
