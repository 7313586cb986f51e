import { defineEndpoint } from '../../http/define-endpoint.ts';

export const removeWebhook = defineEndpoint({
  id: 'removeWebhook',
  method: 'delete',
  path: '/api/ehr/connections/:id/webhook',
  action: 'webhook.remove',
  access: 'client',
  audited: true,
  summary: 'Remove the webhook of a connection',
  responses: { 204: { description: 'Removed' } },
  errors: ['unknown-connection'],
  async handler({ params: { id }, caller: { scope }, services, audit }) {
    audit.setChanged(await services.webhooks.remove({ id, scope }));
    return {};
  },
});
