import type { Immutable } from '@bulkhead/runtime';
import { z } from 'zod';

export const webhookStates = ['pending', 'delivered', 'failed'] as const;
export type WebhookState = (typeof webhookStates)[number];

/** One attempt to call a client. */
const webhookAttemptSchema = z.strictObject({
  at: z.date(),
  /** The status of the response. Absent if there was no response. */
  status: z.int().exactOptional(),
  error: z.string().exactOptional(),
});
export type WebhookAttempt = Immutable<z.output<typeof webhookAttemptSchema>>;

/** A call to a client's address that reports the end of an export or a sync. It contains ids and counts, never patient data. */
export const webhookDeliverySchema = z.strictObject({
  id: z.string(),
  connectionId: z.string(),
  url: z.string(),
  /** `bulk-export.completed`, `sync-run.partial`, ... */
  type: z.string(),
  /** The exact text of the body that is signed and sent. */
  body: z.string(),
  state: z.enum(webhookStates),
  /** The latest attempts. */
  attempts: z.array(webhookAttemptSchema),
  createdAt: z.date(),
  deliveredAt: z.date().exactOptional(),
});
export type WebhookDelivery = Immutable<z.output<typeof webhookDeliverySchema>>;
