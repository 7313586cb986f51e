import { toApiKeyView } from '@bulkhead/access/commands';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { success } from '../common.schema.ts';
import { apiKeyExample, apiKeySchema } from './api-key.schema.ts';

export const revokeApiKey = defineEndpoint({
  id: 'revokeApiKey',
  method: 'delete',
  path: '/api/ehr/api-keys/:id',
  action: 'api-key.revoke',
  access: 'operator',
  audited: true,
  summary: 'Revoke an API key',
  responses: { 200: { description: 'Revoked', schema: success(apiKeySchema), example: apiKeyExample } },
  errors: ['unknown-api-key', 'last-operator-key'],
  async handler({ params: { id }, services, audit }) {
    const { apiKey, isChanged } = await services.apiKeys.revoke(id);
    audit.setChanged(isChanged);
    return { data: toApiKeyView(apiKey) };
  },
});
