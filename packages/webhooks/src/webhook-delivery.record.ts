import type { Immutable } from '@bulkhead/base';
import { mayNamePatient } from '@bulkhead/store';
import { z } from 'zod';

export const webhookStates = ['pending', 'delivered', 'failed'] as const;
export type WebhookState = (typeof webhookStates)[number];

/** One attempt to call a client. */
const webhookAttemptSchema = z.strictObject({
  at: z.date().describe('When the URL was called.'),
  status: z.int().exactOptional().describe('The HTTP status of the response. Absent if there was no response.'),
  error: mayNamePatient(z.string()).exactOptional().describe('Why the attempt failed. Absent if it succeeded.'),
});
export type WebhookAttempt = Immutable<z.output<typeof webhookAttemptSchema>>;

/** A call to a client's address that reports the end of an export or a sync. It contains ids and counts, never patient data. */
export const webhookDeliverySchema = z.strictObject({
  id: z
    .string()
    .describe(
      'The id of the delivery. It is also sent as `webhook-id`, so that a receiver recognises a repeated call.',
    ),
  connectionId: z.string().describe('The connection of the export or sync.'),
  url: mayNamePatient(z.string()).describe(
    'The URL that is called. It changes with the webhook of the connection until the call is delivered.',
  ),
  type: z
    .string()
    .describe('What ended, and how: `bulk-export.completed`, `bulk-export.failed`, `sync-run.partial` and so on.'),
  /** The exact text of the body that is signed and sent. */
  body: z.string(),
  state: z
    .enum(webhookStates)
    .describe(
      '`pending` (it is being sent, or retried for a day), `delivered` (the receiver returned 2xx) or `failed` (given up).',
    ),
  attempts: z.array(webhookAttemptSchema).describe('The latest attempts, oldest first.'),
  createdAt: z.date().describe('When the export or sync ended.'),
  deliveredAt: z.date().exactOptional().describe('When the receiver accepted the call. Absent if it did not.'),
});
export type WebhookDelivery = Immutable<z.output<typeof webhookDeliverySchema>>;
