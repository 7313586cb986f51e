import { auditActorSchema } from '@bulkhead/access';
import type { Immutable } from '@bulkhead/runtime';
import { countSchema, warningSchema } from '@bulkhead/store';
import { z } from 'zod';

/** `queued` → `running` → `completed`. An erasure never fails for good: what stops it is tried again until it is done. */
const erasurePhases = ['queued', 'running', 'completed'] as const;

/** Numbers by name. What there is none of is left out. */
const numbersSchema = z.record(z.string(), countSchema);
export type NumbersByName = Immutable<z.output<typeof numbersSchema>>;

export const dataAmountsSchema = z
  .strictObject({
    resources: numbersSchema.meta({
      description: 'By resource type, without tombstones. Types without any are left out.',
    }),
    records: numbersSchema.meta({ description: 'Every other record, by kind. Kinds without any are left out.' }),
    /** As the EHR sent them. */
    contentBytes: countSchema.meta({ description: 'Of the contents of documents.' }),
  })
  .meta({ id: 'DataAmounts', description: 'How much is stored, or was deleted.' });
export type DataAmounts = Immutable<z.output<typeof dataAmountsSchema>>;

export const noAmounts: DataAmounts = { resources: {}, records: {}, contentBytes: 0 };

/** The deletion of everything that is stored of a connection, or of one of its patients. */
export const erasureSchema = z.strictObject({
  id: z.string(),
  kind: z.enum(['connection', 'patient']),
  connectionId: z.string(),
  /** Of a patient. */
  patientId: z
    .string()
    .exactOptional()
    .meta({ description: 'Until the erasure has completed. Afterwards only the audit log names the patient.' }),
  /** Of a patient. */
  keepsOut: z.boolean().exactOptional().meta({ description: 'Resources of the patient are not stored again.' }),
  phase: z.enum(erasurePhases),
  /** Raised by every transition: the guard of a conditional update. */
  version: countSchema,
  found: dataAmountsSchema
    .exactOptional()
    .meta({ description: 'What there was when the work for it had been stopped.' }),
  /** A crash can leave the last batch uncounted. */
  deleted: dataAmountsSchema.meta({ description: 'What was deleted so far.' }),
  warnings: z.array(warningSchema),
  error: z
    .strictObject({ code: z.string(), message: z.string() })
    .exactOptional()
    .meta({ description: 'Why the last attempt stopped. It is tried again.' }),
  requestedBy: auditActorSchema,
  createdAt: z.date(),
  /** When the work for the connection was stopped: what was written by then, or just after, is found by a later pass. */
  stoppedAt: z.date().exactOptional(),
  completedAt: z.date().exactOptional(),
});
export type Erasure = Immutable<z.output<typeof erasureSchema>>;
