import { toApiKeyView } from '@bulkhead/access/commands';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { apiKeyExample, apiKeySchema } from './api-key.schema.ts';

export const listApiKeys = defineEndpoint({
  id: 'listApiKeys',
  method: 'get',
  path: '/api/ehr/api-keys',
  action: 'api-key.list',
  access: 'operator',
  audited: false,
  summary: 'Every API key, revoked ones too',
  responses: { 200: { description: 'Keys', schema: success(z.array(apiKeySchema)), example: [apiKeyExample] } },
  errors: [],
  async handler({ services }) {
    return { data: (await services.apiKeys.list()).map(toApiKeyView) };
  },
});
