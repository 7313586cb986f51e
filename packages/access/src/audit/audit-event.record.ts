import type { Immutable } from '@bulkhead/runtime';
import { countSchema } from '@bulkhead/store';
import { z } from 'zod';

export const auditOutcomes = ['success', 'unchanged', 'refused', 'failed'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

/** Who did something. */
export const auditActorSchema = z.strictObject({
  /** A program with its key, a user who is logged in in a browser, a command of an operator, or a caller that was not recognised. */
  kind: z.enum(['api-key', 'session', 'command', 'nobody']),
  /** Of the API key; `command:<user>` of a command; `nobody`. */
  id: z.string(),
  name: z.string().exactOptional(),
  role: z.string().exactOptional(),
});
export type AuditActor = Immutable<z.output<typeof auditActorSchema>>;

/** SHA-256, as lower-case hexadecimal digits. */
export const auditHashSchema = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * Who did what, when, and how it ended. Ids and names of parameters only: no patient data, no value of a query. Events of versions before
 * the chain have none of the fields that link it.
 */
export const auditEventSchema = z.strictObject({
  id: z.string(),
  at: z.date(),
  actor: auditActorSchema,
  /** Such as `export.create`. */
  action: z.string(),
  /** By the names that the address has for them. */
  target: z.record(z.string(), z.string()).meta({ description: 'Ids of what it was done to.' }),
  /** Or `anyPatient`. */
  patients: z.array(z.string()).exactOptional().meta({
    description: 'Ids at the EHR of the patients whose data were shown or asked for; `*`: any of the connection.',
  }),
  /** Never their values. */
  parameters: z.array(z.string()).exactOptional().meta({ description: 'Names of the parameters of a search.' }),
  outcome: z.enum(auditOutcomes).meta({ description: '`unchanged`: it succeeded, and there was nothing to do.' }),
  /** Why it did not succeed: see docs/errors.md. */
  code: z.string().exactOptional(),
  /** As in the log and in `X-Request-Id`. */
  requestId: z.string().exactOptional(),
  address: z.string().exactOptional(),
  /** How many there were, where many are one event. */
  count: countSchema.exactOptional(),
  /** By kind. */
  counts: z
    .record(z.string(), countSchema)
    .exactOptional()
    .meta({ description: 'Of an erasure: how many records there were.' }),
  expiresAt: z.date().meta({ description: 'When the database deletes the event.' }),
  /** From 1. */
  sequence: z.int().min(1).exactOptional().meta({ description: 'Its place in the chain.' }),
  /** Of the first, 64 zeros. */
  previousHash: auditHashSchema.exactOptional().meta({ description: 'The hash of the event before.' }),
  /** Every earlier event has expired by then. Left out if there was none. */
  previousExpiresAt: z.date().exactOptional().meta({ description: 'When the event before expires.' }),
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
