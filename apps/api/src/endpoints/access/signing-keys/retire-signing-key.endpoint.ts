import { defineEndpoint } from '../../../http/define-endpoint.ts';
import { success } from '../../common.schema.ts';
import { signingKeyExample, signingKeySchema } from './signing-key.schema.ts';

export const retireSigningKey = defineEndpoint({
  id: 'retireSigningKey',
  method: 'post',
  path: '/api/ehr/signing-keys/:kid/retire',
  action: 'signing-key.retire',
  access: 'operator',
  audited: true,
  summary: 'Sign with a key no more; it stays published while something that it signed lives',
  request: { body: { isOptional: true } },
  responses: { 200: { description: 'Retired', schema: success(signingKeySchema), example: signingKeyExample } },
  errors: ['unknown-signing-key', 'signing-key-in-use'],
  async handler({ params: { kid }, services }) {
    return { data: await services.signingKeys.retire(kid) };
  },
});
