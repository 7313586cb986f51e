import { defineActions } from '@bulkhead/http';
import { at, connectionId, exportId, later, page, responseWith, success } from '@bulkhead/http/schemas';
import {
  deliveriesQuerySchema,
  deliveryViewSchema,
  receiversQuerySchema,
  receiverViewSchema,
  toDeliveryView,
  webhookBodySchema,
} from '@bulkhead/webhooks/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';

const webhookActions = defineActions('webhook', {
  listDeliveries: { keys: 'client', people: 'viewer', audited: false },
  readDelivery: { keys: 'client', people: 'viewer', audited: false },
  remove: { keys: 'client', people: 'operator' },
  resend: { keys: 'client', people: 'operator' },
  set: { keys: 'client', people: 'operator' },
});

const webhookSchema = z
  .strictObject({
    url: z
      .string()
      .optional()
      .describe('The URL that is called. Absent if only the `callbackUrl` of requests is called.'),
    secret: z
      .string()
      .describe('The secret that signs the calls, which begins with `whsec_`. It replaces the former one at once.'),
  })
  .meta({
    id: 'Webhook',
    description: 'The webhook of a connection. Its secret signs the calls (Standard Webhooks) and is shown only once.',
  });

const setWebhook = defineEndpoint({
  id: 'setWebhook',
  route: 'PUT /api/ehr/connections/:id/webhook',
  action: webhookActions.set,
  summary: 'Set the webhook that is called when exports and syncs end, and return its secret',
  description:
    'Sets the URL that is called when an export or a sync of the connection ends, and the secret that signs the calls: the given one, or a new one. It replaces the former secret, and only this response has it. Calls that were not delivered to the former URL are sent to the new one from then on. Calls are signed by the Standard Webhooks scheme, contain ids and counts, and are retried for a day.',
  request: {
    body: { schema: webhookBodySchema, example: { url: 'https://client.example/bulkhead' }, isOptional: true },
  },
  responses: {
    200: success('The webhook with its new secret, which is shown only here', {
      data: webhookSchema,
      example: {
        url: 'https://client.example/bulkhead',
        secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw2oX0T1dmnqE=',
      },
    }),
  },
  errors: ['unknown-connection'],
  async handler({ params: { id }, body, caller: { scope }, services }) {
    return { data: await services.webhooks.set({ id, scope, body }) };
  },
});

const removeWebhook = defineEndpoint({
  id: 'removeWebhook',
  route: 'DELETE /api/ehr/connections/:id/webhook',
  action: webhookActions.remove,
  summary: 'Remove the webhook of a connection',
  description:
    'Removes the URL and the secret, so that no more calls are sent. A `callbackUrl` of a request cannot be used until there is a new secret.',
  responses: { 204: { description: 'The webhook is removed, or there was none' } },
  errors: ['unknown-connection'],
  async handler({ params: { id }, caller: { scope }, services, audit }) {
    audit.setChanged(await services.webhooks.remove({ id, scope }));
    return {};
  },
});

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

const webhookDeliveryResponse = responseWith(deliveryViewSchema, webhookDeliveryExample);

const listWebhookDeliveries = defineEndpoint({
  id: 'listWebhookDeliveries',
  route: 'GET /api/ehr/webhook-deliveries',
  action: webhookActions.listDeliveries,
  summary: 'List webhook deliveries, newest first',
  description:
    'Returns the calls for ended exports and syncs, with their attempts. Use it to find calls that a receiver has missed, and to send them again.',
  request: { query: deliveriesQuerySchema },
  responses: {
    200: page('A page of deliveries, newest first', { item: deliveryViewSchema, example: [webhookDeliveryExample] }),
  },
  errors: ['unknown-connection'],
  async handler({ query, caller: { scope }, services }) {
    const { items, next } = await services.webhooks.list(query, scope);
    return { data: items.map(toDeliveryView), next };
  },
});

const listWebhookReceivers = defineEndpoint({
  id: 'listWebhookReceivers',
  route: 'GET /api/ehr/webhook-receivers',
  action: webhookActions.listDeliveries,
  summary: 'List the URLs that are called, and whether they accept their calls',
  description:
    'Returns each URL of each connection with the calls of the last 48 hours: how many were accepted, are being repeated, or were given up. Those that do not accept their calls are first.',
  request: { query: receiversQuerySchema },
  responses: {
    200: page('A page of receivers', {
      item: receiverViewSchema,
      example: [
        {
          connectionId,
          url: 'https://client.example/bulkhead',
          delivered: 12,
          repeated: 1,
          failed: 0,
          lastDeliveredAt: at,
          lastFailure: { at: later, status: 503 },
        },
      ],
    }),
  },
  async handler({ query, caller: { scope }, services }) {
    const { items, next } = await services.webhooks.receivers(query, scope);
    return { data: items, next };
  },
});

const getWebhookDelivery = defineEndpoint({
  id: 'getWebhookDelivery',
  route: 'GET /api/ehr/webhook-deliveries/:id',
  action: webhookActions.readDelivery,
  summary: 'Return a webhook delivery with its attempts',
  description: 'Returns one call with its body, its state and the result of the latest attempts.',
  responses: { 200: webhookDeliveryResponse('The call with its latest attempts') },
  errors: ['unknown-delivery'],
  async handler({ params: { id }, caller: { scope }, services }) {
    return { data: toDeliveryView(await services.webhooks.find({ id, scope })) };
  },
});

const resendWebhookDelivery = defineEndpoint({
  id: 'resendWebhookDelivery',
  route: 'POST /api/ehr/webhook-deliveries/:id/resend',
  action: webhookActions.resend,
  summary: 'Send a webhook delivery again',
  description:
    'Sends the call again, whether or not it was delivered. The body and `webhook-id` are the same, so a receiver can recognise it. Read the delivery to see the result.',
  request: { body: { isOptional: true } },
  responses: { 202: webhookDeliveryResponse('The delivery will be sent again') },
  errors: ['unknown-delivery'],
  async handler({ params: { id }, caller: { scope }, services }) {
    const data = toDeliveryView(await services.webhooks.resend({ id, scope }));
    return { data, location: `/api/ehr/webhook-deliveries/${encodeURIComponent(id)}` };
  },
});

export const webhookEndpoints = [
  setWebhook,
  removeWebhook,
  listWebhookReceivers,
  listWebhookDeliveries,
  getWebhookDelivery,
  resendWebhookDelivery,
] as const;
