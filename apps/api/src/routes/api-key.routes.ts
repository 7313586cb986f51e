import { type ApiKeyService, apiKeyBodySchema, toApiKeyView } from '@bulkhead/service';
import { Router } from 'express';
import { parseRequest } from '../middleware/parse-request.ts';
import { requireOperator } from '../middleware/require-operator.ts';

/** Who may call the API. */
export function apiKeyRoutes({ apiKeys }: { readonly apiKeys: ApiKeyService }): Router {
  const router = Router();

  router.post('/api-keys', requireOperator(), async (request, response) => {
    const { apiKey, key } = await apiKeys.create(parseRequest(apiKeyBodySchema, request.body));
    // The one answer with a key in it.
    response.status(201).set('cache-control', 'no-store');
    response.json({ success: true, data: { ...toApiKeyView(apiKey), key } });
  });

  router.get('/api-keys', requireOperator(), async (_request, response) => {
    response.json({ success: true, data: (await apiKeys.list()).map(toApiKeyView) });
  });

  router.delete('/api-keys/:id', requireOperator(), async (request, response) => {
    response.json({ success: true, data: toApiKeyView(await apiKeys.revoke(String(request.params.id))) });
  });

  return router;
}
