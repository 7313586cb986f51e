import type { Immutable } from '@bulkhead/runtime';
import { z } from 'zod';

export const apiKeyRoles = ['client', 'operator'] as const;
export type ApiKeyRole = (typeof apiKeyRoles)[number];

/** Who may call the API. */
export const apiKeySchema = z.strictObject({
  /** Public: it names the key and tells nothing of it. */
  id: z.string(),
  name: z.string(),
  role: z.enum(apiKeyRoles),
  /** The key's beginning, to recognise it by. */
  prefix: z.string(),
  /** The only connections that it is for; absent: all of them. */
  connectionIds: z.array(z.string()).exactOptional(),
  /** Its own limit in place of the deployment's. */
  requestsPerMinute: z.int().min(1).exactOptional(),
  createdAt: z.date(),
  expiresAt: z.date().exactOptional(),
  revokedAt: z.date().exactOptional(),
  /** To the minute. */
  lastUsedAt: z.date().exactOptional(),
});
export type ApiKey = Immutable<z.output<typeof apiKeySchema>>;
