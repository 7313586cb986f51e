import { typesWithAttachments } from '@bulkhead/fhir';
import { z } from 'zod';
import { documentStates } from '../patient-document.ts';

const id = z.string().min(1).max(200);

export const documentQuerySchema = z.strictObject({
  connectionId: id,
  resourceType: z
    .string()
    .refine((type) => typesWithAttachments.includes(type), `is not one of ${typesWithAttachments.join(', ')}`)
    .optional(),
  resourceId: id.optional(),
  /** Id of a patient, without `Patient/`. */
  patient: id.optional(),
  state: z.enum(documentStates).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  /** `next` of the page before. */
  after: id.optional(),
});
export type DocumentQuery = z.output<typeof documentQuerySchema>;
