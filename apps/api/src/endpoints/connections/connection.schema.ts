import { assertionAlgorithms, secretWays } from '@bulkhead/providers';
import { z } from 'zod';
import { at, connectionId, instant, later } from '../common.schema.ts';

export const connectionTestSchema = z
  .strictObject({
    ok: z.boolean(),
    endedAt: instant,
    steps: z.array(
      z.strictObject({
        step: z.enum(['discovery', 'token', 'read']),
        ok: z.boolean(),
        durationMs: z.number().min(0),
        tried: z.string().optional().meta({ description: 'Of a read: what was asked of the EHR.' }),
        code: z.string().optional(),
        message: z.string().optional(),
        whatToDo: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'ConnectionTest', description: 'Its steps until the first that failed, and what to do about that.' });

export const connectionSchema = z
  .strictObject({
    id: z.string(),
    provider: z.string(),
    environment: z.string(),
    fhirEndpoint: z.string(),
    practiceId: z.string().optional(),
    groupId: z.string().optional(),
    userId: z.string().optional(),
    webhookUrl: z.string().optional(),
    auth: z.discriminatedUnion('method', [
      z.strictObject({ method: z.literal('none') }),
      z.strictObject({
        method: z.literal('client_credentials'),
        clientId: z.string(),
        tokenEndpoint: z.string().optional(),
        scope: z.string(),
        secretBy: z.enum(secretWays).optional(),
      }),
      z.strictObject({
        method: z.literal('private_key_jwt'),
        clientId: z.string(),
        tokenEndpoint: z.string().optional(),
        scope: z.string(),
        alg: z.enum(assertionAlgorithms),
        kid: z.string().optional(),
      }),
      z.strictObject({
        method: z.literal('authorization_code'),
        clientId: z.string(),
        tokenEndpoint: z.string().optional(),
        scope: z.string(),
        secretBy: z.enum(secretWays).optional(),
      }),
    ]),
    needsAuthorization: z.boolean().optional(),
    createdAt: instant,
    lastTest: connectionTestSchema.optional(),
  })
  .meta({ id: 'Connection', description: 'One practice’s credentials at a provider; secrets are never shown.' });

export const connectionExample = {
  id: connectionId,
  provider: 'athenahealth',
  environment: 'production',
  fhirEndpoint: 'https://api.platform.athenahealth.com/fhir/r4',
  practiceId: '195900',
  groupId: 'a-1.C-195900',
  auth: { method: 'client_credentials', clientId: 'client-id', scope: 'system/*.read' },
  createdAt: at,
};

export const connectionTestExample = {
  ok: false,
  endedAt: later,
  steps: [
    { step: 'discovery', ok: true, durationMs: 84 },
    {
      step: 'token',
      ok: false,
      durationMs: 120,
      code: 'token-refused',
      message: 'The EHR refused to issue an access token.',
      whatToDo: 'Verify client id, client secret and scope of the connection.',
    },
  ],
};
