import { z } from 'zod';

/** The payload of the jobs of a connection. */
export const connectionPayload = z.strictObject({ connectionId: z.string().min(1) });

/** The payload of the jobs of an authorization. */
export const authorizationPayload = z.strictObject({ authorizationId: z.string().min(1) });
