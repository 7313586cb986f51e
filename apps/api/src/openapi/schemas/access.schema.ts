import { assertionAlgorithms, auditOutcomes } from '@bulkhead/domain';
import { apiKeyRoles, chainFaults } from '@bulkhead/store';
import { z } from 'zod';
import { count, instant } from '../../endpoints/common.schema.ts';

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

const hash = z.string().regex(/^[0-9a-f]{64}$/);

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
    target: z.record(z.string(), z.string()).meta({ description: 'Ids of what it was done to.' }),
    patients: z.array(z.string()).optional().meta({
      description: 'Ids at the EHR of the patients whose data were shown or asked for; `*`: any of the connection.',
    }),
    parameters: z.array(z.string()).optional().meta({ description: 'Names of the parameters of a search.' }),
    outcome: z.enum(auditOutcomes).meta({ description: '`unchanged`: it succeeded, and there was nothing to do.' }),
    code: z.string().optional(),
    requestId: z.string().optional(),
    address: z.string().optional(),
    count: count.optional(),
    counts: z.record(z.string(), count).optional().meta({ description: 'Of an erasure: how many records there were.' }),
    expiresAt: instant.meta({ description: 'When the database deletes the event.' }),
    sequence: z.int().min(1).optional().meta({ description: 'Its place in the chain.' }),
    previousHash: hash.optional().meta({ description: 'The hash of the event before.' }),
    previousExpiresAt: instant.optional().meta({ description: 'When the event before expires.' }),
    hash: hash.optional().meta({ description: 'SHA-256 over the canonical JSON (RFC 8785) of all other fields.' }),
  })
  .meta({ id: 'AuditEvent', description: 'Who did what, when, and how it ended.' });

const chainPosition = z.strictObject({ sequence: z.int().min(1), hash, at: instant });

export const auditCheckSchema = z
  .strictObject({
    checked: count.meta({ description: 'How many events were read and found right.' }),
    isIntact: z.boolean(),
    oldest: chainPosition.optional().meta({ description: 'The first of them.' }),
    last: chainPosition.optional().meta({ description: 'The last of them. At the end of the chain, its head.' }),
    fault: z
      .strictObject({
        code: z.enum(chainFaults),
        sequence: z.number().optional(),
        eventId: z.string().optional(),
        message: z.string(),
      })
      .optional()
      .meta({ description: 'The first fault. The check ends there.' }),
    next: z.string().optional().meta({ description: 'The `after` of the next call, if there are more events.' }),
  })
  .meta({ id: 'AuditCheck', description: 'What a check of the chain of audit events has found.' });

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
