import type { Immutable } from '@bulkhead/runtime';
import { z } from 'zod';

export const apiKeyRoles = ['client', 'operator'] as const;
export type ApiKeyRole = (typeof apiKeyRoles)[number];

/** An API key: who may call the API, with which role and for which connections. */
export const apiKeySchema = z.strictObject({
  /** A public id. It contains no part of the key. */
  id: z.string(),
  name: z.string(),
  role: z.enum(apiKeyRoles),
  /** The first characters of the key, by which a person recognises it. */
  prefix: z.string(),
  /** The only connections that the key may use. Absent if it may use all of them. */
  connectionIds: z.array(z.string()).exactOptional(),
  /** The key's own limit, which replaces the deployment's. */
  requestsPerMinute: z.int().min(1).exactOptional(),
  createdAt: z.date(),
  expiresAt: z.date().exactOptional(),
  revokedAt: z.date().exactOptional(),
  /** Accurate to the minute. */
  lastUsedAt: z.date().exactOptional(),
});
export type ApiKey = Immutable<z.output<typeof apiKeySchema>>;
