import { auditOutcomes } from '@bulkhead/domain';
import { z } from 'zod';

const text = z.string().min(1).max(200);
const instant = z.iso
  .datetime({ offset: true, error: 'must be an instant with a time zone, such as 2026-01-01T00:00:00Z' })
  .transform((value) => new Date(value));

export const auditQuerySchema = z.strictObject({
  from: instant.optional(),
  /** Not part of it. */
  to: instant.optional(),
  /** Id of an API key, `command:<user>`, or `nobody`. */
  actor: text.optional(),
  action: text.optional(),
  outcome: z.enum(auditOutcomes).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  /** `next` of the page before. */
  cursor: text.optional(),
});
export type AuditQuery = z.output<typeof auditQuerySchema>;
