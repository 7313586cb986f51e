import type { Immutable } from '@bulkhead/base';
import { exportTypes } from '@bulkhead/fhir';
import { type View, viewOf, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';

/** The limits of an export of every type. What is absent is unknown, and limits nothing. See `coverageOf`. */
export const coverageSchema = z.strictObject({
  /** The scopes of its access token. */
  scope: z.string().exactOptional(),
  /** The types that the server declared. If it declares others, or grants other scopes, the next export requests everything. */
  offered: z.array(z.string()).exactOptional(),
  /** The types for which the export counts: those that its accepted kick-off named or, if it named none, the declared ones. */
  types: z.array(z.string()).exactOptional(),
});
export type Coverage = Immutable<z.output<typeof coverageSchema>>;

/** The last transactionTime up to which everything of a type is stored, per connection, export level and type. */
export const watermarkSchema = z.strictObject({
  connectionId: z.string(),
  exportType: z
    .enum(exportTypes)
    .describe(
      'The level of the exports that the watermark is for: `Patient`, `Group` or `System`. Each level has its own.',
    ),
  resourceType: z.string().describe('A FHIR resource type, or `*` for exports without a list of types.'),
  /** As the server wrote it. The next export sends it as `_since`. */
  transactionTime: z.string(),
  at: z
    .date()
    .describe(
      'All resources of this type up to this time are stored. The next export with `since: "last"` starts here.',
    ),
  deletionsAt: z
    .date()
    .describe(
      'Every deletion of the type that the EHR has listed until this time is applied. A full export lists no deletions, so it moves only `until`.',
    ),
  exportId: z.string().describe('The export that set it.'),
  /** What an export of every type could contain. Only watermarks of `everyType` have it, and without it they prove nothing. */
  coverage: coverageSchema.exactOptional(),
});
export type Watermark = Immutable<z.output<typeof watermarkSchema>>;

/** A patient for whom a watermark does not hold. See `watermarks/group-members.ts`. */
export const lackSchema = z.strictObject({
  patient: z.string(),
  /** When it was noticed. A full export that is kicked off later has everything of the patient. */
  at: z.date(),
  /** The export that noticed it. */
  exportId: z.string(),
  /** `joined`: the whole record is still missing. `requested`: it was requested, and has not arrived. `left`: the patient was no longer a member. */
  state: z.enum(['joined', 'requested', 'left']),
});
export type Lack = Immutable<z.output<typeof lackSchema>>;

/** The `resourceType` of the watermark that is kept for exports of every type. */
export const everyType = '*';

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

const { resourceType, exportType, at, deletionsAt, exportId, ...fields } = viewShapeOf(watermarkSchema, [
  'exportType',
  'resourceType',
  'at',
  'deletionsAt',
  'exportId',
]);

export const watermarkViewSchema = z
  .strictObject({ resourceType, level: exportType, until: at, deletionsUntil: deletionsAt, exportId, ...fields })
  .meta({
    id: 'Watermark',
    description:
      'The time up to which a type is wholly stored by exports of one level. The type `*` is for exports without a list of types.',
  });

export function toWatermarkView(watermark: Watermark): View<typeof watermarkViewSchema> {
  return viewOf(watermarkViewSchema, {
    ...watermark,
    level: watermark.exportType,
    until: watermark.at,
    deletionsUntil: watermark.deletionsAt,
  });
}
