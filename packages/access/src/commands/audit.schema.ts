import { z } from 'zod';
import { auditOutcomes } from '../audit/audit-event.ts';

const text = z.string().min(1).max(200);
const instant = z.iso
  .datetime({ offset: true, error: 'must be an instant with a time zone, such as 2026-01-01T00:00:00Z' })
  .transform((value) => new Date(value));

/** An id as FHIR has it. */
const patient = z.string().regex(/^[A-Za-z0-9\-._]{1,128}$/, 'must be the id of a patient, without Patient/');

export const auditQuerySchema = z.strictObject({
  from: instant.optional(),
  /** Not part of it. */
  to: instant.optional(),
  /** Id of an API key, `command:<user>`, or `nobody`. */
  actor: text.optional(),
  action: text.optional(),
  outcome: z.enum(auditOutcomes).optional(),
  /** Id at the EHR: what has shown this patient, or may have. */
  patient: patient.optional(),
  connectionId: text.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  /** `next` of the page before. */
  cursor: text.optional(),
});
export type AuditQuery = z.output<typeof auditQuerySchema>;

/** `<sequence>:<hash>`: an event of the chain, as a check prints it. */
const position = z
  .string()
  .regex(
    /^[1-9]\d{0,14}:[0-9a-f]{64}$/,
    'must be the sequence and the hash of an event, as a check prints them: 12:0f3a…',
  )
  .transform((value) => {
    const [sequence = '', hash = ''] = value.split(':');
    return { sequence: Number(sequence), hash };
  });

export const auditCheckQuerySchema = z.strictObject({
  /** A head that was printed earlier and kept elsewhere: it must still be in the chain. */
  expectedHead: position.optional(),
  /** Until when processes of a version without the chain have written: what they wrote has no place in it. */
  upgradedAt: instant.optional(),
  /** `next` of the answer before. */
  after: position.optional(),
  limit: z.coerce.number().int().min(1).max(100_000).default(50_000),
});
export type AuditCheckQuery = z.output<typeof auditCheckQuerySchema>;
