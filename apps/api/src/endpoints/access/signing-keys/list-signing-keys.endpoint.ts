import { z } from 'zod';
import { defineEndpoint } from '../../../http/define-endpoint.ts';
import { success } from '../../common.schema.ts';
import { signingKeyExample, signingKeySchema } from './signing-key.schema.ts';

export const listSigningKeys = defineEndpoint({
  id: 'listSigningKeys',
  method: 'get',
  path: '/api/ehr/signing-keys',
  action: 'signing-key.list',
  access: 'operator',
  audited: false,
  summary: 'Every signing key, retired ones too',
  responses: {
    200: { description: 'Keys', schema: success(z.array(signingKeySchema)), example: [signingKeyExample] },
  },
  errors: [],
  async handler({ services }) {
    return { data: await services.signingKeys.list() };
  },
});
