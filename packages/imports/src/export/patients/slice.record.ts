/*
 * An export of listed patients has one or more slices: lists of patients that one kick-off can have (`patientsPerRequest` of the provider).
 * They are exported one after another, so that an EHR has one of them at a time:
 *
 *   queued -> ... -> finalizing   of slice 1: its files are stored, its export is deleted at the server
 *      ┌──────────────────┘
 *   queued -> ... -> finalizing -> completed   of the last one
 *
 * The record has the kick-off and the manifest of the current slice, and each file of the ledger its slice. If files of a slice fail, the slice is
 * `incomplete` and the next one follows. A retry exports the incomplete slices again.
 */

import type { Immutable } from '@bulkhead/base';
import { countSchema, mayNamePatient } from '@bulkhead/store';
import { z } from 'zod';
import { watermarkDecisionSchema, watermarkSchema } from '../watermarks/watermark.record.ts';

export const sliceSchema = z.strictObject({
  patients: z.array(mayNamePatient(z.string())),
  /** The `_since` of its kick-off. Absent if everything is requested. */
  since: z.string().exactOptional(),
  /** Absent until it has ended. */
  state: z.enum(['done', 'incomplete']).exactOptional(),
  /** Set at its end. */
  decisions: z.array(watermarkDecisionSchema).exactOptional(),
  /** Absent if only changes were exported. See `missing-types.ts`. */
  lackedTypes: z.array(z.string()).exactOptional(),
  /** Up to when everything of its patients is stored. Absent if something is missing, or if the patients are not those of a cohort. */
  reached: watermarkSchema.pick({ transactionTime: true, at: true, deletionsAt: true, coverage: true }).exactOptional(),
  /** What a later full export of its patients is compared with. Absent if only changes were exported. See `infer-deletions.ts`. */
  shown: z
    .strictObject({
      at: z.date(),
      /** The types of which it has sent something and has lost nothing. */
      types: z.array(z.string()),
      /** Those of its patients whose Patient it has not sent. */
      absent: z.array(mayNamePatient(z.string())),
      /** How many resources were deleted because neither of the two had them. */
      deleted: countSchema,
    })
    .exactOptional(),
});
export type Slice = Immutable<z.output<typeof sliceSchema>>;
