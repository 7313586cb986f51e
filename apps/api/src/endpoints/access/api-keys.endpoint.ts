import { apiKeyBodySchema, apiKeyViewSchema, toApiKeyView } from '@bulkhead/access/commands';
import { pageOf, shortListQuery } from '@bulkhead/runtime';
import { z } from 'zod';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { at, connectionId, page, success } from '../common.schema.ts';

const newApiKeySchema = z
  .strictObject({ ...apiKeyViewSchema.shape, key: z.string() })
  .meta({ id: 'NewApiKey', description: 'A new API key. This is the only response that contains the key.' });

const apiKeyExample = {
  id: 'key_01a20ebbc9477ed4b36076ce74bec9ba',
  name: 'reporting',
  role: 'client',
  prefix: 'bulkhead_0000',
  connectionIds: [connectionId],
  createdAt: at,
  expiresAt: '2027-02-22T18:05:17.511Z',
};

export const createApiKey = defineEndpoint({
  id: 'createApiKey',
  method: 'post',
  path: '/api/ehr/api-keys',
  action: 'api-key.create',
  idempotency: 'secret',
  access: 'operator',
  audited: true,
  summary: 'Create an API key, which is shown only once',
  request: { body: { schema: apiKeyBodySchema, example: { name: 'reporting', role: 'client', expiresInDays: 90 } } },
  responses: {
    201: {
      description: 'Created',
      schema: success(newApiKeySchema),
      example: { ...apiKeyExample, key: 'bulkhead_000000000000000000000000000000000000000000000000000000000' },
    },
  },
  errors: [],
  async handler({ body, services, audit }) {
    const { apiKey, key } = await services.apiKeys.create(body);
    audit.target = { id: apiKey.id };
    // No other response contains a key.
    return { data: { ...toApiKeyView(apiKey), key }, location: `/api/ehr/api-keys/${apiKey.id}` };
  },
});

export const listApiKeys = defineEndpoint({
  id: 'listApiKeys',
  method: 'get',
  path: '/api/ehr/api-keys',
  action: 'api-key.list',
  access: 'operator',
  audited: false,
  summary: 'List all API keys, including revoked keys',
  request: { query: z.strictObject(shortListQuery) },
  responses: { 200: { description: 'Keys', schema: page(apiKeyViewSchema), example: [apiKeyExample] } },
  errors: [],
  async handler({ query, services }) {
    const { items, next } = pageOf(await services.apiKeys.list(), query, ({ id }) => id);
    return { data: items.map(toApiKeyView), next };
  },
});

export const getApiKey = defineEndpoint({
  id: 'getApiKey',
  method: 'get',
  path: '/api/ehr/api-keys/:id',
  action: 'api-key.read',
  access: 'operator',
  audited: false,
  summary: 'Return an API key, without the key itself',
  responses: { 200: { description: 'The key', schema: success(apiKeyViewSchema), example: apiKeyExample } },
  errors: ['unknown-api-key'],
  async handler({ params: { id }, services }) {
    return { data: toApiKeyView(await services.apiKeys.get(id)) };
  },
});

export const revokeApiKey = defineEndpoint({
  id: 'revokeApiKey',
  method: 'delete',
  path: '/api/ehr/api-keys/:id',
  action: 'api-key.revoke',
  access: 'operator',
  audited: true,
  summary: 'Revoke an API key',
  responses: { 200: { description: 'Revoked', schema: success(apiKeyViewSchema), example: apiKeyExample } },
  errors: ['unknown-api-key', 'last-operator-key'],
  async handler({ params: { id }, services, audit }) {
    const { apiKey, isChanged } = await services.apiKeys.revoke(id);
    audit.setChanged(isChanged);
    return { data: toApiKeyView(apiKey) };
  },
});
