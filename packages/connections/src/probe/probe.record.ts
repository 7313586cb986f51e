import { errorCodeSchema, type Immutable } from '@bulkhead/base';
import type { Facts } from '@bulkhead/ehr/providers';
import { countSchema, mayNamePatient } from '@bulkhead/store';
import { z } from 'zod';

/**
 * The probe of a connection: one record for each connection, which the next probe replaces.
 *
 *     queued --> running --> completed
 *        |          |------> failed        the EHR refused it, or did not answer
 *        |          |------> cancelled
 *        |          +------> interrupted   its process ended. The next attempt only deletes its exports
 *        +-----------------> cancelled
 */
export const probePhases = ['queued', 'running', 'completed', 'failed', 'cancelled', 'interrupted'] as const;
export type ProbePhase = (typeof probePhases)[number];
export const activeProbePhases: readonly ProbePhase[] = ['queued', 'running'];

const amountsSchema = z.strictObject({
  requests: countSchema.describe('Requests, with those for tokens.'),
  exports: countSchema.describe('Exports that are started. Each is deleted at once.'),
});
export type ProbeAmounts = Immutable<z.output<typeof amountsSchema>>;

export const probeSchema = z.strictObject({
  /** That of the connection. */
  id: z.string(),
  /** Tells this probe from an earlier one, whose process may still write. */
  runId: z.string(),
  phase: z.enum(probePhases).describe('What the probe does, or how it ended.'),
  limits: amountsSchema.describe('What it sends at most.'),
  used: amountsSchema.describe('What it has sent.'),
  facts: z.custom<Facts>(),
  /** The status URLs of exports that the EHR has not yet deleted. */
  openExports: z.array(mayNamePatient(z.string())),
  isCancelled: z.boolean().exactOptional(),
  error: z
    .strictObject({
      code: errorCodeSchema.describe('The code of the failure: docs/errors.md lists the codes.'),
      message: mayNamePatient(z.string()).describe('What happened, and what to do.'),
    })
    .exactOptional()
    .describe('Why it failed, or could not delete an export. Absent if nothing did.'),
  createdAt: z.date().describe('When it was requested.'),
  endedAt: z.date().exactOptional().describe('When it ended. Absent while it is active.'),
});
export type Probe = Immutable<z.output<typeof probeSchema>>;

/**
 * What a probe sends at most. It starts up to seven exports: three for `_since`, `_typeFilter` and a list of types, two for a repeated `_type` and
 * `handling=lenient`, one by POST, and one for its files. Each takes a kick-off, a deletion and some status requests.
 */
export const probePlan: ProbeAmounts = { requests: 80, exports: 7 };
