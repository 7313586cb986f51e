import { z } from 'zod';

export const deleteConnectionQuerySchema = z.strictObject({
  /** What becomes of what is stored. Left out: it stays. */
  data: z.enum(['keep', 'purge']).default('keep'),
});

export const erasePatientQuerySchema = z.strictObject({
  /** Whether resources of the patient are not stored again. */
  keepOut: z.enum(['true', 'false']).default('false'),
});

export const erasureListQuerySchema = z.strictObject({
  connectionId: z.string().min(1).max(100).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  /** The last id of the page before. */
  after: z.string().min(1).max(100).optional(),
});
export type ErasureListQuery = z.output<typeof erasureListQuerySchema>;
