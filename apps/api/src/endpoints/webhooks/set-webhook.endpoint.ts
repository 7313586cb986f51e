import { webhookBodySchema } from '@bulkhead/webhooks/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';

const webhookSchema = z.strictObject({ url: z.string().optional(), secret: z.string() }).meta({
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
  request: {
    body: { schema: webhookBodySchema, example: { url: 'https://client.example/bulkhead' }, isOptional: true },
  },
  responses: {
    200: {
      description: 'Set',
      schema: success(webhookSchema),
      example: { url: 'https://client.example/bulkhead', secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw2oX0T1dmnqE=' },
    },
  },
  errors: ['unknown-connection'],
  async handler({ params: { id }, body, caller: { scope }, services }) {
    return { data: await services.webhooks.set({ id, scope, body }) };
  },
});
