import { toView, type View, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import { type ApiKey, apiKeySchema } from '../api-key.record.ts';

export const apiKeyViewSchema = z
  .strictObject(viewShapeOf(apiKeySchema))
  .meta({ id: 'ApiKey', description: 'An API key: who may call the API. The key itself is shown once.' });

type ApiKeyView = View<typeof apiKeyViewSchema>;

/** A key as the API shows it, without the key itself and its hash. */
export function toApiKeyView(apiKey: ApiKey): ApiKeyView {
  return toView<ApiKeyView>({
    id: apiKey.id,
    name: apiKey.name,
    role: apiKey.role,
    prefix: apiKey.prefix,
    connectionIds: apiKey.connectionIds,
    requestsPerMinute: apiKey.requestsPerMinute,
    createdAt: apiKey.createdAt.toISOString(),
    expiresAt: apiKey.expiresAt?.toISOString(),
    revokedAt: apiKey.revokedAt?.toISOString(),
    lastUsedAt: apiKey.lastUsedAt?.toISOString(),
  });
}
