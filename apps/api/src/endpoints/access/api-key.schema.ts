import { apiKeyRoles } from '@bulkhead/access';
import { z } from 'zod';
import { instant } from '../common.schema.ts';
import { at, connectionId } from '../example-values.ts';

const apiKey = {
  id: z.string(),
  name: z.string(),
  role: z.enum(apiKeyRoles),
  prefix: z.string(),
  connectionIds: z.array(z.string()).optional(),
  requestsPerMinute: z.int().min(1).optional(),
  createdAt: instant,
  expiresAt: instant.optional(),
  revokedAt: instant.optional(),
  lastUsedAt: instant.optional(),
};

export const apiKeySchema = z
  .strictObject(apiKey)
  .meta({ id: 'ApiKey', description: 'Who may call the API; the key itself is shown once.' });

export const newApiKeySchema = z
  .strictObject({ ...apiKey, key: z.string() })
  .meta({ id: 'NewApiKey', description: 'The one answer with the key in it.' });

export const apiKeyExample = {
  id: 'key_01a20ebbc9477ed4b36076ce74bec9ba',
  name: 'reporting',
  role: 'client',
  prefix: 'bulkhead_0000',
  connectionIds: [connectionId],
  createdAt: at,
  expiresAt: '2027-02-22T18:05:17.511Z',
};
