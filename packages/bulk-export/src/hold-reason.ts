import type { Immutable } from '@bulkhead/runtime';
import { z } from 'zod';

/** Why a watermark stays where it was, in the order in which they are shown. */
export const holdReasons = {
  'type-filter': 'A type filter left resources out.',
  'time-implausible': 'The EHR gave a transaction time that is in the future.',
  'manifest-gaps': 'Entries of the manifest could not be read.',
  'files-failed': 'Files were not stored.',
  'count-mismatch': 'The EHR sent another number of resources than its manifest promises.',
  'errors-reported': 'The EHR reported errors that may concern this type.',
  'errors-unread': 'A list of errors that the EHR announced could not be read.',
  'deletions-unread': 'Deletions that the EHR announced could not be read.',
  'nothing-received': 'The EHR sent nothing at all: the group may have no members or may not exist.',
  'type-refused': 'The EHR refused to export this type.',
  'not-granted': 'The granted scopes do not cover this type.',
  'not-offered': "The EHR's CapabilityStatement does not offer this type.",
  gap: 'The export started later than the stored data ends.',
} as const;
export type HoldReason = keyof typeof holdReasons;

/** Reasons that are not the operator's own choice: with one of them an export did not bring all that it was asked for. */
const lossReasons: ReadonlySet<HoldReason> = new Set([
  'time-implausible',
  'manifest-gaps',
  'files-failed',
  'count-mismatch',
  'errors-reported',
  'errors-unread',
  'deletions-unread',
  'nothing-received',
  'type-refused',
]);

/** What is decided about a type's watermark at the end of an export. */
export const watermarkDecisionSchema = z.strictObject({
  resourceType: z.string().meta({ description: 'A FHIR type, or `*` for exports of every type.' }),
  /** Empty: the watermark advances. */
  reasons: z.array(z.enum(Object.keys(holdReasons) as HoldReason[])),
});
export type WatermarkDecision = Immutable<z.output<typeof watermarkDecisionSchema>>;

/** Whether an export left out something that it was asked for. */
export function isPartial(decisions: readonly WatermarkDecision[]): boolean {
  return decisions.some(({ reasons }) => reasons.some((reason) => lossReasons.has(reason)));
}
