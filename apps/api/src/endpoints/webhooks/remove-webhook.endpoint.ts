import { defineEndpoint } from '../../http/define-endpoint.ts';

export const removeWebhook = defineEndpoint({
  id: 'removeWebhook',
  method: 'delete',
  path: '/api/ehr/connections/:id/webhook',
  action: 'webhook.remove',
  access: 'client',
  audited: true,
  summary: 'Remove the webhook of a connection',
  description:
    'Removes the address and the secret, so that no more calls are sent. A `callbackUrl` of a request cannot be used until there is a new secret.',
  responses: { 204: { description: 'The webhook is removed, or there was none' } },
  errors: ['unknown-connection'],
  async handler({ params: { id }, caller: { scope }, services, audit }) {
    audit.setChanged(await services.webhooks.remove({ id, scope }));
    return {};
  },
});
