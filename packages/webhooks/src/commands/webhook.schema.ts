import { z } from 'zod';
import { webhookStates } from '../webhook-delivery.record.ts';

/** Whether it may be called at all is decided where it is called: workers know their network. */
export const callbackUrlSchema = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  .max(2000)
  // Refinements run for what is no URL too.
  .refine((url) => !URL.canParse(url) || !/^[^/?#]*\/\/[^/?#]*@/.test(new URL(url).href), 'must not carry a user name');

export const webhookBodySchema = z.strictObject({
  /** Left out: only the `callbackUrl` of requests is called. */
  url: callbackUrlSchema.optional(),
});
export type WebhookBody = z.output<typeof webhookBodySchema>;

export const deliveriesQuerySchema = z.strictObject({
  connectionId: z.string().min(1).max(100),
  state: z.enum(webhookStates).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
export type DeliveriesQuery = z.output<typeof deliveriesQuerySchema>;
