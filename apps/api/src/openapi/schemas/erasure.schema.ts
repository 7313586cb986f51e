import { erasurePhases } from '@bulkhead/domain';
import { z } from 'zod';
import { count, instant, warningSchema } from '../../endpoints/common.schema.ts';

const numbers = z.record(z.string(), count);

export const amountsSchema = z
  .strictObject({
    resources: numbers.meta({ description: 'By resource type, without tombstones. Types without any are left out.' }),
    records: numbers.meta({ description: 'Every other record, by kind. Kinds without any are left out.' }),
    contentBytes: count.meta({ description: 'Of the contents of documents.' }),
  })
  .meta({ id: 'DataAmounts', description: 'How much is stored, or was deleted.' });

export const erasureSchema = z
  .strictObject({
    id: z.string(),
    kind: z.enum(['connection', 'patient']),
    connectionId: z.string(),
    patientId: z
      .string()
      .optional()
      .meta({ description: 'Until the erasure has completed. Afterwards only the audit log names the patient.' }),
    keepsOut: z.boolean().optional().meta({ description: 'Resources of the patient are not stored again.' }),
    phase: z.enum(erasurePhases),
    found: amountsSchema.optional().meta({ description: 'What there was when the work for it had been stopped.' }),
    deleted: amountsSchema.meta({ description: 'What was deleted so far.' }),
    warnings: z.array(warningSchema),
    error: z
      .strictObject({ code: z.string(), message: z.string() })
      .optional()
      .meta({ description: 'Why the last attempt stopped. It is tried again.' }),
    requestedBy: z.string().meta({ description: 'Name of the API key.' }),
    createdAt: instant,
    startedAt: instant.optional(),
    completedAt: instant.optional(),
  })
  .meta({ id: 'Erasure', description: 'The deletion of everything that is stored of a connection or of a patient.' });

export const retentionSchema = z
  .strictObject({
    kind: z.string(),
    startedAt: instant,
    endedAt: instant.optional().meta({ description: 'Left out: the pass is under way.' }),
    deleted: count.optional().meta({ description: 'Records that this pass deleted.' }),
    keptDays: count.optional().meta({ description: 'How long the worker that looked last keeps such records.' }),
  })
  .meta({ id: 'RetentionPass', description: 'The last look at all records of a kind: see docs/retention.md.' });
