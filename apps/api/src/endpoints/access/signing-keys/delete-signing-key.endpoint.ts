import { defineEndpoint } from '../../../http/define-endpoint.ts';

export const deleteSigningKey = defineEndpoint({
  id: 'deleteSigningKey',
  method: 'delete',
  path: '/api/ehr/signing-keys/:kid',
  action: 'signing-key.delete',
  access: 'operator',
  audited: true,
  summary: 'Remove a key that was retired ten minutes ago or longer',
  responses: { 204: { description: 'Removed' } },
  errors: ['unknown-signing-key', 'signing-key-in-use'],
  async handler({ params: { kid }, services }) {
    await services.signingKeys.delete(kid);
    return {};
  },
});
