import { apiKeyBodySchema, apiKeyViewSchema, toApiKeyView } from '@bulkhead/access/commands';
import { at, connectionId, page, responseWith, success } from '@bulkhead/http/schemas';
import { pageOf, shortListQuery } from '@bulkhead/store';
import { z } from 'zod';
import { defineEndpoint } from '../../define-endpoint.ts';
import { apiKeyActions } from './access.actions.ts';

const newApiKeySchema = z
  .strictObject({
    ...apiKeyViewSchema.shape,
    key: z.string().describe('The key, to send as `Authorization: Bearer <key>`. Only its hash is stored.'),
  })
  .meta({ id: 'NewApiKey', description: 'A new API key. This is the only response that contains the key itself.' });

const apiKeyExample = {
  id: 'key_01a20ebbc9477ed4b36076ce74bec9ba',
  name: 'reporting',
  role: 'client',
  prefix: 'bulkhead_0000',
  connectionIds: [connectionId],
  createdAt: at,
  expiresAt: '2027-02-22T18:05:17.511Z',
};

const apiKeyResponse = responseWith(apiKeyViewSchema, apiKeyExample);

export const createApiKey = defineEndpoint({
  id: 'createApiKey',
  route: 'POST /api/ehr/api-keys',
  action: apiKeyActions.create,
  idempotency: 'secret',
  summary: 'Create an API key, which is shown only once',
  description:
    'Creates a key for a program or a person. Only this response contains it. Give each program a separate key, limited to its connections, so that it can be revoked alone and the audit log identifies it.',
  request: { body: { schema: apiKeyBodySchema, example: { name: 'reporting', role: 'client', expiresInDays: 90 } } },
  responses: {
    201: success('The new key, which is shown only here', {
      data: newApiKeySchema,
      example: {
        ...apiKeyExample,
        key: 'bulkhead_000000000000000000000000000000000000000000000000000000000',
      },
    }),
  },
  async handler({ body, services, audit }) {
    const { apiKey, key } = await services.apiKeys.create(body);
    audit.target = { id: apiKey.id };
    // No other response contains a key.
    return { data: { ...toApiKeyView(apiKey), key }, location: `/api/ehr/api-keys/${apiKey.id}` };
  },
});

export const listApiKeys = defineEndpoint({
  id: 'listApiKeys',
  route: 'GET /api/ehr/api-keys',
  action: apiKeyActions.list,
  summary: 'List all API keys, including revoked keys',
  description:
    'Returns all keys, without the keys themselves, in the order of their creation. `lastUsedAt` shows which are no longer used.',
  request: { query: shortListQuery },
  responses: {
    200: page('A page of keys, oldest first, without the keys themselves', {
      item: apiKeyViewSchema,
      example: [apiKeyExample],
    }),
  },
  async handler({ query, services }) {
    const { items, next } = pageOf(await services.apiKeys.list(), query, ({ id }) => id);
    return { data: items.map(toApiKeyView), next };
  },
});

export const getApiKey = defineEndpoint({
  id: 'getApiKey',
  route: 'GET /api/ehr/api-keys/:id',
  action: apiKeyActions.read,
  summary: 'Return an API key, without the key itself',
  description: 'Returns what the key may do, when it expires, and when it was last used.',
  responses: { 200: apiKeyResponse('What the key may do, without the key itself') },
  errors: ['unknown-api-key'],
  async handler({ params: { id }, services }) {
    return { data: toApiKeyView(await services.apiKeys.get(id)) };
  },
});

export const revokeApiKey = defineEndpoint({
  id: 'revokeApiKey',
  route: 'DELETE /api/ehr/api-keys/:id',
  action: apiKeyActions.revoke,
  summary: 'Revoke an API key',
  description:
    'Ends a key and the browser sessions that were opened with it, at once. It stays in the list. The last active key of an operator cannot be revoked.',
  responses: { 200: apiKeyResponse('The key with the time when it was revoked') },
  errors: ['unknown-api-key', 'last-operator-key'],
  async handler({ params: { id }, services, audit }) {
    const { apiKey, isChanged } = await services.apiKeys.revoke(id);
    audit.setChanged(isChanged);
    return { data: toApiKeyView(apiKey) };
  },
});
