import { defineEndpoint } from '../../../http/define-endpoint.ts';
import { success } from '../../common.schema.ts';
import { signingKeyExample, signingKeySchema } from './signing-key.schema.ts';

export const activateSigningKey = defineEndpoint({
  id: 'activateSigningKey',
  method: 'post',
  path: '/api/ehr/signing-keys/:kid/activate',
  action: 'signing-key.activate',
  access: 'operator',
  audited: true,
  summary: 'Sign with a key from now on',
  request: { body: { isOptional: true } },
  responses: { 200: { description: 'Active', schema: success(signingKeySchema), example: signingKeyExample } },
  errors: ['unknown-signing-key', 'signing-key-in-use'],
  async handler({ params: { kid }, services }) {
    return { data: await services.signingKeys.activate(kid) };
  },
});
