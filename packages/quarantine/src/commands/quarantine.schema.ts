import { z } from 'zod';

const id = z.string().min(1).max(200);

export const quarantineQuerySchema = z.strictObject({
  connectionId: id.optional(),
  exportId: id.optional(),
  fileId: id.optional(),
  reason: z.string().min(1).max(50).optional(),
  state: z.enum(['open', 'replayed', 'withheld']).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  /** `next` of the page before. */
  after: id.optional(),
});
export type QuarantineQuery = z.output<typeof quarantineQuerySchema>;

/** Which open lines are stored again; at least one, so that nobody replays everything by a slip. */
export const replayBodySchema = z
  .strictObject({ exportId: id.optional(), fileId: id.optional(), reason: z.string().min(1).max(50).optional() })
  .refine(({ exportId, fileId }) => exportId !== undefined || fileId !== undefined, {
    path: ['exportId'],
    error: 'is required, or fileId',
  });
export type ReplayBody = z.output<typeof replayBodySchema>;
