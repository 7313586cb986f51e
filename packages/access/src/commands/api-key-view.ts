import { type View, viewOf, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import { type ApiKey, apiKeySchema } from '../api-key.record.ts';

export const apiKeyViewSchema = z
  .strictObject(
    viewShapeOf(apiKeySchema, [
      'id',
      'name',
      'role',
      'prefix',
      'connectionIds',
      'requestsPerMinute',
      'createdAt',
      'expiresAt',
      'revokedAt',
      'lastUsedAt',
    ]),
  )
  .meta({ id: 'ApiKey', description: 'An API key: who may call the API. The key itself is shown once.' });

/** A key as the API shows it, without the key itself and its hash. */
export function toApiKeyView(apiKey: ApiKey): View<typeof apiKeyViewSchema> {
  return viewOf(apiKeyViewSchema, apiKey);
}
