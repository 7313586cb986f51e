import { signingKeyBodySchema } from '@bulkhead/connections/commands';
import { defineEndpoint } from '../../../http/define-endpoint.ts';
import { success } from '../../common.schema.ts';
import { signingKeyExample, signingKeySchema } from './signing-key.schema.ts';

export const createSigningKey = defineEndpoint({
  id: 'createSigningKey',
  method: 'post',
  path: '/api/ehr/signing-keys',
  action: 'signing-key.create',
  access: 'operator',
  audited: true,
  summary: 'Make a key pair, or bring one',
  description: 'It is published at once and signs after an hour, when servers have learnt of it.',
  request: { body: { schema: signingKeyBodySchema, example: { alg: 'ES384' } } },
  responses: { 201: { description: 'Published', schema: success(signingKeySchema), example: signingKeyExample } },
  errors: [],
  async handler({ body, services, audit }) {
    const data = await services.signingKeys.create(body);
    audit.target = { kid: data.kid };
    return { data };
  },
});
