import type { Immutable } from '@bulkhead/base';
import { exportTypes } from '@bulkhead/fhir';
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
