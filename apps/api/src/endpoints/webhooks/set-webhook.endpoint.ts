import { webhookBodySchema } from '@bulkhead/webhooks/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';

const webhookSchema = z
  .strictObject({
    url: z
      .string()
      .optional()
      .describe('The address that is called. Absent if only the `callbackUrl` of requests is called.'),
    secret: z
      .string()
      .describe('The secret that signs the calls, which begins with `whsec_`. It replaces the former one at once.'),
  })
  .meta({
    id: 'Webhook',
    description: 'The webhook of a connection. Its secret signs the calls (Standard Webhooks) and is shown only once.',
  });

export const setWebhook = defineEndpoint({
  id: 'setWebhook',
  method: 'put',
  path: '/api/ehr/connections/:id/webhook',
  action: 'webhook.set',
  access: 'client',
  audited: true,
  summary: 'Set the webhook that is called when exports and syncs end, and return its secret',
  description:
    'Sets the address that is called when an export or a sync of the connection ends, and creates a new secret, which replaces the former one. Only this answer has the secret. Calls are signed by the Standard Webhooks scheme, contain ids and counts, and are retried for a day.',
  request: {
    body: { schema: webhookBodySchema, example: { url: 'https://client.example/bulkhead' }, isOptional: true },
  },
  responses: {
    200: {
      description: 'The webhook with its new secret, which is shown only here',
      ...success(webhookSchema, {
        url: 'https://client.example/bulkhead',
        secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw2oX0T1dmnqE=',
      }),
    },
  },
  errors: ['unknown-connection'],
  async handler({ params: { id }, body, caller: { scope }, services }) {
    return { data: await services.webhooks.set({ id, scope, body }) };
  },
});
