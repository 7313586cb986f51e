import type { Immutable } from '@bulkhead/base';
import { z } from 'zod';

export const apiKeyRoles = ['client', 'operator'] as const;
export type ApiKeyRole = (typeof apiKeyRoles)[number];

/** An API key: who may call the API, with which role and for which connections. */
export const apiKeySchema = z.strictObject({
  id: z.string().describe('The public id of the key, which begins with `key_`. It contains no part of the key.'),
  name: z.string().describe('A name by which people recognise the key. The audit log shows it.'),
  role: z
    .enum(apiKeyRoles)
    .describe(
      '`client` (exports, syncs and reads) or `operator` (also connections, keys, the content of quarantined lines, erasures and the audit log).',
    ),
  prefix: z.string().describe('The first characters of the key, by which a person recognises it.'),
  connectionIds: z
    .array(z.string())
    .exactOptional()
    .describe('The only connections that the key may use. Absent if it may use all of them.'),
  requestsPerMinute: z
    .int()
    .min(1)
    .exactOptional()
    .describe('The limit of the key. Absent if the limit of the deployment applies.'),
  createdAt: z.date().describe('When the key was created.'),
  expiresAt: z.date().exactOptional().describe('When the key stops working. Absent if it does not expire.'),
  revokedAt: z.date().exactOptional().describe('When the key was revoked. Absent if it was not.'),
  lastUsedAt: z
    .date()
    .exactOptional()
    .describe('When the key was last used, accurate to the minute. Absent if it never was.'),
});
export type ApiKey = Immutable<z.output<typeof apiKeySchema>>;
