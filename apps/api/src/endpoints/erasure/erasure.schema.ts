import { erasurePhases } from '@bulkhead/erasure';
import { z } from 'zod';
import { count, instant, warningSchema } from '../common.schema.ts';
import { connectionId, later } from '../example-values.ts';

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

export const amountsExample = {
  resources: { Patient: 1, Observation: 214, DocumentReference: 3 },
  records: { documents: 3, documentContents: 3, quarantinedLines: 1, crawlMarks: 1 },
  contentBytes: 481_220,
};

export const erasureExample = {
  id: 'erase_01a20ebbc9477ed4b36076ce74bec9ba',
  kind: 'patient',
  connectionId,
  patientId: 'a-195900.E-14865',
  keepsOut: true,
  phase: 'running',
  found: amountsExample,
  deleted: { resources: { Patient: 1 }, records: {}, contentBytes: 0 },
  warnings: [],
  requestedBy: 'operations',
  createdAt: later,
  startedAt: later,
};
