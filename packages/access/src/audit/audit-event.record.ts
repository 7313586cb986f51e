import { errorCodeSchema, type Immutable } from '@bulkhead/base';
import { countSchema, type View, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';

export const auditOutcomes = ['success', 'unchanged', 'refused', 'failed'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

/** Who performed an action. */
export const auditActorSchema = z.strictObject({
  kind: z
    .enum(['api-key', 'client', 'session', 'command', 'nobody'])
    .describe(
      '`api-key` (a program), `client` (a program with a token), `session` (a user of the console), `command` (an operator on the command line) or `nobody` (a caller without a valid key).',
    ),
  id: z.string().describe('The id of the API key or of the client, `command:<user>`, or `nobody`.'),
  name: z
    .string()
    .exactOptional()
    .describe('The name of the API key or of the client. Absent for commands and unknown callers.'),
  role: z.string().exactOptional().describe('The role of the API key. Absent for commands and unknown callers.'),
});
export type AuditActor = Immutable<z.output<typeof auditActorSchema>>;

/** SHA-256, as lower-case hexadecimal digits. */
export const auditHashSchema = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * Who did what, when, and with which outcome. An event contains ids and names of parameters, but no patient data and no values of a
 * query.
 */
export const auditEventSchema = z.strictObject({
  id: z.string().describe('The id of the event, which begins with `evt_`.'),
  at: z.date().describe('When the response was sent, or when the command ran.'),
  actor: auditActorSchema.describe('Who performed the action.'),
  action: z.string().describe('What was done, such as `export.create` or `resource.read`.'),
  /** The ids are named as in the path of the route. */
  target: z
    .record(z.string(), z.string())
    .meta({ description: 'Ids of the objects that the action was performed on, and the name of a connection.' }),
  /** The ids of patients, or `anyPatient`. */
  patients: z.array(z.string()).exactOptional().meta({
    description:
      'Ids at the EHR of the patients whose data were shown or asked for. `*` means that any patient of the connection may be concerned.',
  }),
  /** Values are never recorded. */
  parameters: z
    .array(z.string())
    .exactOptional()
    .meta({ description: 'Names of the parameters of a search, without their values.' }),
  outcome: z
    .enum(auditOutcomes)
    .meta({ description: '`unchanged` means that the action succeeded and there was nothing to do.' }),
  code: errorCodeSchema
    .exactOptional()
    .describe('Why the action did not succeed: docs/errors.md lists the codes. Absent if it succeeded.'),
  requestId: z
    .string()
    .exactOptional()
    .describe('The id of the request, as in the log and in `X-Request-Id`. Absent for commands.'),
  address: z.string().exactOptional().describe('The network address of the caller. Absent for commands.'),
  count: countSchema
    .exactOptional()
    .describe('How many equal attempts the event stands for. Absent if it stands for one.'),
  counts: z
    .record(z.string(), countSchema)
    .exactOptional()
    .meta({ description: 'The number of records that an erasure found, by kind.' }),
  expiresAt: z.date().meta({ description: 'When the database deletes the event.' }),
  /** Starts at 1. */
  sequence: z.int().min(1).exactOptional().meta({ description: 'The position of the event in the chain.' }),
  /** 64 zeros for the first event. */
  previousHash: auditHashSchema.exactOptional().meta({ description: 'The hash of the previous event.' }),
  /** All earlier events have expired by then. Absent if there was no earlier event. */
  previousExpiresAt: z.date().exactOptional().meta({ description: 'When the previous event expires.' }),
  /** See `auditHash`. */
  hash: auditHashSchema
    .exactOptional()
    .meta({ description: 'SHA-256 over the canonical JSON (RFC 8785) of all other fields.' }),
});
export type AuditEvent = Immutable<z.output<typeof auditEventSchema>>;

/** An event that is not stored yet. */
export type NewAuditEvent = Omit<
  AuditEvent,
  'id' | 'at' | 'expiresAt' | 'sequence' | 'previousHash' | 'previousExpiresAt' | 'hash'
>;

/** An event of the chain. */
export type ChainedAuditEvent = AuditEvent & Required<Pick<AuditEvent, 'sequence' | 'previousHash' | 'hash'>>;

export const auditEventViewSchema = z
  .strictObject(
    viewShapeOf(auditEventSchema, [
      'id',
      'at',
      { actor: ['kind', 'id', 'name', 'role'] },
      'action',
      'target',
      'patients',
      'parameters',
      'outcome',
      'code',
      'requestId',
      'address',
      'count',
      'counts',
      'expiresAt',
      'sequence',
      'previousHash',
      'previousExpiresAt',
      'hash',
    ]),
  )
  .meta({ id: 'AuditEvent', description: 'Who did what, when, and how it ended.' });

/** An event as the API and the audit stream show it. It has every stored field, because its hash is computed over all of them. */
export function toAuditView(event: AuditEvent): View<typeof auditEventViewSchema> {
  const { at, expiresAt, previousExpiresAt, ...fields } = event;
  return {
    ...fields,
    at: at.toISOString(),
    expiresAt: expiresAt.toISOString(),
    ...(previousExpiresAt === undefined ? {} : { previousExpiresAt: previousExpiresAt.toISOString() }),
  };
}
