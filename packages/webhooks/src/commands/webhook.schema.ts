import { pageQuery } from '@bulkhead/runtime';
import { z } from 'zod';
import { webhookStates } from '../webhook-delivery.record.ts';

/** The worker decides whether an address may be called, because only the worker knows its network. */
export const callbackUrlSchema = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  .max(2000)
  // Zod runs refinements even if the value is not a URL.
  .refine(
    (url) => !URL.canParse(url) || !/^[^/?#]*\/\/[^/?#]*@/.test(new URL(url).href),
    'must not contain a user name',
  );

export const webhookBodySchema = z
  .strictObject({
    url: callbackUrlSchema
      .optional()
      .describe(
        'The address to call, http or https. Default: none; then only the `callbackUrl` of a request is called, with the new secret.',
      ),
  })
  .meta({ description: 'The address of the connection. An empty body creates a secret only.' });
export type WebhookBody = z.output<typeof webhookBodySchema>;

export const deliveriesQuerySchema = z.strictObject({
  connectionId: z.string().min(1).max(100).describe('The connection whose deliveries are listed.'),
  state: z.enum(webhookStates).optional().describe('Only deliveries in this state.'),
  ...pageQuery({ defaultLimit: 100 }),
});
export type DeliveriesQuery = z.output<typeof deliveriesQuerySchema>;
