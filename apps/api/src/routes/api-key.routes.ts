import { type ApiKeyService, apiKeyBodySchema, toApiKeyView } from '@bulkhead/service';
import { Router } from 'express';
import { allow } from '../middleware/allow.ts';
import { auditNotes, noteChange } from '../middleware/audit-notes.ts';
import { parseRequest } from '../middleware/parse-request.ts';

/** Who may call the API. */
export function apiKeyRoutes({ apiKeys }: { readonly apiKeys: ApiKeyService }): Router {
  const router = Router();

  router.post('/api-keys', allow('api-key.create'), async (request, response) => {
    const { apiKey, key } = await apiKeys.create(parseRequest(apiKeyBodySchema, request.body));
    auditNotes(response).target = { id: apiKey.id };
    // The one answer with a key in it.
    response.status(201).json({ success: true, data: { ...toApiKeyView(apiKey), key } });
  });

  router.get('/api-keys', allow('api-key.list'), async (_request, response) => {
    response.json({ success: true, data: (await apiKeys.list()).map(toApiKeyView) });
  });

  router.delete('/api-keys/:id', allow('api-key.revoke'), async (request, response) => {
    const { apiKey, isChanged } = await apiKeys.revoke(request.params.id);
    noteChange(response, isChanged);
    response.json({ success: true, data: toApiKeyView(apiKey) });
  });

  return router;
}
