import { toDeliveryView } from '@bulkhead/webhooks/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { webhookDeliveryResponse } from './list-webhook-deliveries.endpoint.ts';

export const resendWebhookDelivery = defineEndpoint({
  id: 'resendWebhookDelivery',
  method: 'post',
  path: '/api/ehr/webhook-deliveries/:id/resend',
  action: 'webhook.resend',
  access: 'client',
  audited: true,
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
