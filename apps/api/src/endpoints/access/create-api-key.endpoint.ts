import { apiKeyBodySchema, toApiKeyView } from '@bulkhead/access/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { apiKeyExample, newApiKeySchema } from './api-key.schema.ts';

export const createApiKey = defineEndpoint({
  id: 'createApiKey',
  method: 'post',
  path: '/api/ehr/api-keys',
  action: 'api-key.create',
  access: 'operator',
  audited: true,
  summary: 'Make an API key; it is shown this once',
  request: { body: { schema: apiKeyBodySchema, example: { name: 'reporting', role: 'client', expiresInDays: 90 } } },
  responses: {
    201: {
      description: 'Made',
      schema: success(newApiKeySchema),
      example: { ...apiKeyExample, key: 'bulkhead_000000000000000000000000000000000000000000000000000000000' },
    },
  },
  errors: [],
  async handler({ body, services, audit }) {
    const { apiKey, key } = await services.apiKeys.create(body);
    audit.target = { id: apiKey.id };
    // The only answer that holds a key.
    return { data: { ...toApiKeyView(apiKey), key } };
  },
});
