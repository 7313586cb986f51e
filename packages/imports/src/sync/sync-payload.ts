import { z } from 'zod';

/** The payload of the jobs of a sync. */
export const syncPayload = z.strictObject({ syncRunId: z.string().min(1) });
