import { assertionAlgorithms, auditOutcomes } from '@bulkhead/domain';
import { apiKeyRoles } from '@bulkhead/store';
import { z } from 'zod';
import { count, instant } from './common.schema.ts';

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

export const sessionSchema = z
  .strictObject({
    apiKeyId: z.string(),
    name: z.string(),
    role: z.enum(apiKeyRoles),
    connectionIds: z.array(z.string()).optional(),
    via: z.enum(['session', 'api-key']),
    expiresAt: instant.optional(),
  })
  .meta({ id: 'Session', description: 'Who is asking. Without `connectionIds`: for every connection.' });

export const auditEventSchema = z
  .strictObject({
    id: z.string(),
    at: instant,
    actor: z.strictObject({
      kind: z.enum(['api-key', 'session', 'command', 'nobody']),
      id: z.string(),
      name: z.string().optional(),
      role: z.string().optional(),
    }),
    action: z.string(),
    target: z.record(z.string(), z.string()),
    outcome: z.enum(auditOutcomes),
    code: z.string().optional(),
    requestId: z.string().optional(),
    address: z.string().optional(),
    count: count.optional(),
  })
  .meta({ id: 'AuditEvent', description: 'Who did what, when, and how it ended.' });

export const signingKeySchema = z
  .strictObject({
    kid: z.string(),
    alg: z.enum(assertionAlgorithms),
    state: z.enum(['published', 'active', 'retired']),
    createdAt: instant,
    activatedAt: instant.optional(),
    retiredAt: instant.optional(),
  })
  .meta({ id: 'SigningKey', description: 'A key that signs client assertions; its private half is never shown.' });

export const jwksSchema = z
  .strictObject({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })) })
  .meta({ id: 'Jwks', description: 'RFC 7517; what EHRs verify our assertions with.' });

export const diagnosisCheckSchema = z
  .strictObject({
    name: z.string(),
    state: z.enum(['ok', 'warning', 'failed']),
    found: z.string(),
    whatToDo: z.string().optional(),
  })
  .meta({ id: 'DiagnosisCheck', description: 'One thing that the deployment stands on, and what to do about it.' });
