import type { Immutable } from '@bulkhead/base';
import { z } from 'zod';

/** The reasons for holding a watermark, in the order in which they are shown. */
export const holdReasons = {
  'type-filter': 'A filter of the request left resources out.',
  'time-implausible': 'The EHR gave a transaction time in the future.',
  'clock-went-back': "The EHR's clock went back, so changes may have times before this export.",
  'manifest-gaps': 'Entries of the manifest could not be read.',
  'files-failed': 'Some files could not be stored.',
  'listed-not-received': 'The EHR lists a file for this type, and the file has no resource of it.',
  'count-mismatch': 'The number of resources that the EHR sent differs from the number in its manifest.',
  'errors-reported': 'The EHR reported errors that may concern this type.',
  'errors-unread': 'A list of errors that the EHR announced could not be read.',
  'deletions-unread': 'Deletions that the EHR announced could not be read.',
  'nothing-received':
    'The EHR sent no resources, or no Patient of a list. The group may have no members or may not exist.',
  'type-missing':
    'Resources of this type are stored, and this export of everything has none. If the next one has none either, the watermark advances.',
  'type-refused': 'The EHR refused to export this type.',
  'not-granted': 'The granted scopes do not cover this type.',
  'not-offered': "The EHR's CapabilityStatement does not offer this type.",
  gap: 'The stored data ends before the start of this export.',
} as const;
export type HoldReason = keyof typeof holdReasons;

/** These reasons are not the operator's choice. An export with one of them lacks data that was requested. */
const lossReasons: ReadonlySet<HoldReason> = new Set([
  'time-implausible',
  'clock-went-back',
  'manifest-gaps',
  'files-failed',
  'listed-not-received',
  'count-mismatch',
  'errors-reported',
  'errors-unread',
  'deletions-unread',
  'nothing-received',
  'type-missing',
  'type-refused',
]);

/** The decision about a type's watermark at the end of an export. */
export const watermarkDecisionSchema = z.strictObject({
  resourceType: z.string().meta({ description: 'A FHIR type, or `*` for exports of every type.' }),
  /** If empty, the watermark advances. */
  reasons: z.array(z.enum(Object.keys(holdReasons) as HoldReason[])),
});
export type WatermarkDecision = Immutable<z.output<typeof watermarkDecisionSchema>>;

/** Whether an export lacks data that was requested. */
export function isPartial(decisions: readonly WatermarkDecision[]): boolean {
  return decisions.some(({ reasons }) => reasons.some((reason) => lossReasons.has(reason)));
}
