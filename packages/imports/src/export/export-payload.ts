import { z } from 'zod';

/** The payload of the jobs of an export. */
export const exportPayload = z.strictObject({ exportId: z.string().min(1) });
