import { assertionAlgorithms, exportTypes, scheduleKinds, secretWays, webhookStates } from '@bulkhead/domain';
import { z } from 'zod';
import { count, instant } from '../../endpoints/common.schema.ts';

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

export const startedTestSchema = z
  .strictObject({ status: z.literal('IN_PROGRESS'), url: z.string() })
  .meta({ id: 'StartedTest', description: 'The test goes on: its result is in the `lastTest` of the connection.' });

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

export const providerSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    environments: z.array(z.string()),
    defaultEnvironment: z.string(),
    fhirEndpoints: z.record(z.string(), z.string()),
    authMethods: z.array(z.enum(['none', 'client_credentials', 'private_key_jwt', 'authorization_code'])),
    hasClient: z.boolean(),
    usesPracticeId: z.boolean(),
    defaultSchedule: z.strictObject({ cron: z.string(), timeZone: z.string(), kind: z.enum(scheduleKinds) }).optional(),
  })
  .meta({
    id: 'Provider',
    description:
      'What a new connection can choose among. `fhirEndpoints`: by environment, where it names none; `hasClient`: client id and secret can be left out.',
  });

export const watermarkSchema = z
  .strictObject({ resourceType: z.string(), level: z.enum(exportTypes), until: instant, exportId: z.string() })
  .meta({
    id: 'Watermark',
    description:
      'Up to when a type is wholly stored, by the export of a level. `*`: every type, of exports that name none.',
  });

export const capabilitiesSchema = z
  .strictObject({
    bulkExport: z.boolean(),
    diagnosticReports: z.boolean(),
    carePlans: z.boolean(),
    encounters: z.boolean(),
    appointments: z.boolean(),
    documentReferences: z.boolean(),
    rateLimit: z.string(),
  })
  .meta({ id: 'Capabilities', description: 'The guide’s answer: what the EHR offers.' });

export const webhookSchema = z
  .strictObject({ url: z.string().optional(), secret: z.string() })
  .meta({ id: 'Webhook', description: 'The secret that calls are signed with (Standard Webhooks), shown this once.' });

export const webhookDeliverySchema = z
  .strictObject({
    id: z.string(),
    connectionId: z.string(),
    url: z.string(),
    type: z.string(),
    body: z.unknown(),
    state: z.enum(webhookStates),
    attempts: z.array(z.strictObject({ at: instant, status: z.int().optional(), error: z.string().optional() })),
    createdAt: instant,
    deliveredAt: instant.optional(),
  })
  .meta({ id: 'WebhookDelivery' });

export const replayedLinesSchema = z.strictObject({ count }).meta({ id: 'ReplayedLines' });

export const quarantinedLineSchema = z
  .strictObject({
    id: z.string(),
    connectionId: z.string(),
    source: z
      .literal('sync')
      .optional()
      .meta({ description: 'An entry of a search of an enhanced sync. Left out: a line of an export’s file.' }),
    stepId: z.string().optional().meta({ description: 'Of an entry: the step of the sync run.' }),
    resourceType: z.string().optional().meta({ description: 'Of an entry: the type that was searched.' }),
    exportId: z.string().meta({ description: 'Of an entry: the id of the sync run.' }),
    fileId: z.string().meta({ description: 'Of an entry: its search.' }),
    line: z.int().min(1).meta({ description: 'The line of the file, or the page of the search, from 1.' }),
    offset: count.meta({
      description: 'Where the line begins, in bytes; of an entry its position on the page, from 0.',
    }),
    reason: z.string(),
    state: z
      .enum(['open', 'replayed', 'withheld'])
      .meta({ description: '`withheld`: of an erased patient. Only its place is left.' }),
    sizeBytes: count,
    keptBytes: count.meta({ description: 'How many bytes of the line can be read back.' }),
    isTruncated: z
      .boolean()
      .meta({ description: 'Less than the whole line is kept: it can be stored only as a correction.' }),
    sha256: z.string().optional().meta({ description: 'SHA-256 of the whole line, in hexadecimal.' }),
    isCorrected: z.boolean(),
    createdAt: instant,
    replay: z.strictObject({ at: instant, reason: z.string().optional() }).optional(),
  })
  .meta({
    id: 'QuarantinedLine',
    description: 'A line, or an entry of a search, that could not be stored: its place and the reason.',
  });

export const invitationSchema = z
  .strictObject({ startUrl: z.string(), expiresAt: instant })
  .meta({ id: 'Invitation', description: 'An address to be opened once, in a browser, within ten minutes.' });

export const authorizedSchema = z.strictObject({ connectionId: z.string() }).meta({ id: 'Authorized' });
